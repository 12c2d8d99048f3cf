import {type Markup, markup} from '../../charts/index.js';
import {formatDurationRoughly, formatInstantUs, US_PER_SECOND} from '../../core/index.js';
import {drawDays} from '../charts/draw-days.js';
import {key} from '../charts/key.js';
import type {AnomaliesDocument} from '../documents/anomalies-document.js';
import type {ReportData} from '../report-data.js';
import {absent, type Section} from './section.js';
import {firstOf, renderTable} from './table.js';
import {counted, someOf} from './words.js';

const MOST_ANOMALIES = 200;
const MOST_EVENTS = 50;
const SEVERITIES = ['critical', 'major', 'minor'] as const;

/** What was out of the ordinary, the gravest first. */
export function anomaliesSection({anomalies}: ReportData): Section {
  const content =
    anomalies === undefined
      ? absent('anomalies', 'foreshadow patterns anomalies --out anomalies.json')
      : renderAnomalies(anomalies);
  return {id: 'anomalies', title: 'Anomalies', content};
}

function renderAnomalies(found: AnomaliesDocument): Markup {
  const {anomalies, volumes, metric, granularity, fromUs, toUs} = found;
  const about = `${granularity} ${metric} of ${counted(volumes, 'volume')}, ${formatInstantUs(fromUs)} to ${formatInstantUs(toUs)}`;
  if (anomalies.length === 0) return markup`<p class="good">✓ None in ${about}.</p>`;
  const sorted = anomalies.toSorted(
    (left, right) =>
      SEVERITIES.indexOf(left.severity) - SEVERITIES.indexOf(right.severity) ||
      right.startUs - left.startUs ||
      right.score - left.score,
  );
  const {shown, more} = firstOf(sorted, MOST_ANOMALIES, 'the anomalies file lists them all');
  const table = renderTable(
    'Anomalies, the gravest and latest first',
    [
      {title: 'volume'},
      {title: 'severity'},
      {title: 'kind'},
      {title: 'from'},
      {title: 'for'},
      {title: 'what', isText: true},
    ],
    shown.map(({volume, severity, kind, startUs, endUs, text, label}) => [
      volume,
      severity,
      kind,
      minuteOf(startUs),
      lengthOf(startUs, endUs),
      label === undefined || label === '' ? text : `${text} (${label})`,
    ]),
  );
  return markup`<p>${anomalies.length === 1 ? '1 anomaly' : `${anomalies.length.toLocaleString('en')} anomalies`} in ${about}.</p>
<figure class="wide"><figcaption>Anomalies by the day on which they began</figcaption>${drawDays(found)}</figure>
<ul class="legend">${SEVERITIES.map((severity) => key(markup`<rect class="${severity}" width="24" height="10"/>`, severity))}</ul>
${renderEvents(found)}
${table}${more}`;
}

function renderEvents({events}: AnomaliesDocument): Markup {
  if (events.length === 0) return markup`<p>Nothing struck many volumes at once.</p>`;
  const {shown, more} = firstOf(
    events.toSorted((left, right) => right.startUs - left.startUs),
    MOST_EVENTS,
    'the anomalies file lists them all',
  );
  const table = renderTable(
    'What struck many volumes at once, the latest first',
    [{title: 'what', isText: true}, {title: 'from'}, {title: 'for'}, {title: 'volumes'}],
    shown.map(({text, startUs, endUs, volumes}) => [
      text,
      minuteOf(startUs),
      lengthOf(startUs, endUs),
      someOf(volumes, 3),
    ]),
  );
  return markup`${table}${more}`;
}

function minuteOf(atUs: number): string {
  return formatInstantUs(atUs).slice(0, 16).replace('T', ' ');
}

function lengthOf(startUs: number, endUs: number): string {
  return formatDurationRoughly((endUs - startUs) / US_PER_SECOND);
}
