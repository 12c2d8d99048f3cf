import {type Markup, markup} from '../../charts/index.js';
import {formatBytes} from '../../core/index.js';
import {drawSpark} from '../charts/draw-spark.js';
import {dataBlock} from '../data-block.js';
import type {PatternsDocument} from '../documents/patterns-document.js';
import type {ReportData} from '../report-data.js';
import {absent, type Section} from './section.js';
import {renderTable} from './table.js';
import {signedBytes} from './words.js';
import {cellsOf, VOLUME_COLUMNS, type VolumeRow, volumeRows} from './volume-rows.js';

/** So many are there without the script, and on each page with it. */
const PAGE_ROWS = 100;
const MOST_PLACES = 20;

/** Volumes by growth and days to full, to be searched and sorted; and what else is full first. */
export function volumesSection({patterns}: ReportData): Section {
  const content =
    patterns === undefined
      ? absent('volumes and their growth', 'foreshadow report --store foreshadow-store')
      : renderVolumes(patterns);
  return {id: 'volumes', title: 'Volumes', content};
}

function renderVolumes(patterns: PatternsDocument): Markup {
  const rows = volumeRows(patterns);
  return markup`<p>Growth is that of the time since the last change, with the interval that holds it in 9 of 10 cases; days to full are counted from the last known value, at that growth, and at the fastest that the interval holds.</p>
<div class="tools" id="volume-tools" hidden><label>Search volumes <input type="search" id="volume-search" autocomplete="off" spellcheck="false"></label>
<span class="pages"><button type="button" id="volume-before">Page before</button> <button type="button" id="volume-next">Next page</button></span></div>
<p id="volume-count" role="status">${countText(rows.length)}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Table of volumes"><table id="volumes-table" data-page-rows="${PAGE_ROWS}">
<caption><span>Volumes, those that are full first on top</span></caption>
<thead><tr>${VOLUME_COLUMNS.map(headOf)}</tr></thead>
<tbody>
${rows.slice(0, PAGE_ROWS).map(rowOf)}</tbody></table></div>
${dataBlock('volume-rows', rows)}
${renderPlaces(patterns)}`;
}

function countText(count: number): string {
  const shown = Math.min(PAGE_ROWS, count);
  return count === 0 ? 'No volumes' : `1 to ${shown} of ${count} volumes`;
}

function headOf({title, isNumber}: (typeof VOLUME_COLUMNS)[number]): Markup {
  return markup`<th scope="col"${isNumber ? markup` class="number"` : markup``}>${title}</th>`;
}

function rowOf(row: VolumeRow): Markup {
  const [name, ...cells] = cellsOf(row);
  const told = cells.map((cell) => markup`<td class="number">${cell}</td>`);
  return markup`<tr><th scope="row">${name}</th>${told}<td>${drawSpark(row[8])}</td></tr>\n`;
}

/** Hosts and boundaries: what is full first, against the fill limit. */
function renderPlaces({subjects}: PatternsDocument): Markup {
  const daysOf = ({full}: (typeof subjects)[number]): number => full?.days ?? full?.earliest ?? Infinity;
  const places = subjects
    .filter((row) => row.subject !== 'volume' && row.full !== undefined && daysOf(row) < Infinity)
    .toSorted((left, right) => daysOf(left) - daysOf(right))
    .slice(0, MOST_PLACES);
  if (places.length === 0) return markup``;
  return renderTable(
    'Hosts, risk boundaries and all volumes: full first, against the fill limit',
    [
      {title: 'of'},
      {title: 'what'},
      {title: 'days to full', isNumber: true},
      {title: 'at the earliest', isNumber: true},
      {title: 'growth a day', isNumber: true},
      {title: 'used', isNumber: true},
      {title: 'room', isNumber: true},
    ],
    places.map(({subject, id, last, roomBytes, trend, full}) => [
      ...[id, subject, daysText(full?.days), daysText(full?.earliest)],
      signedBytes(Math.round(trend?.perDay ?? Number.NaN)),
      ...[formatBytes(last ?? Number.NaN), formatBytes(roomBytes ?? Number.NaN)],
    ]),
  );
}

function daysText(days: number | null | undefined): string {
  return days === null || days === undefined ? '-' : String(Number(days.toFixed(1)));
}
