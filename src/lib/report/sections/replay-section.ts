import {type Markup, markup} from '../../charts/index.js';
import {formatBytes, formatInstantUs} from '../../core/index.js';
import {drawPareto} from '../charts/draw-pareto.js';
import type {ReplayDocument} from '../documents/replay-document.js';
import type {ReportData} from '../report-data.js';
import {absent, type Section} from './section.js';
import {renderTable} from './table.js';
import {counted, percent} from './words.js';

/** What policies would have held, and how well that would have protected. */
export function replaySection({replay}: ReportData): Section {
  const content =
    replay === undefined
      ? absent(
          'the replay of history',
          'foreshadow replay --topology cluster.yaml --sweep --json > replay.json',
        )
      : renderReplay(replay);
  return {id: 'replay', title: 'Replay', content};
}

function renderReplay(replay: ReplayDocument): Markup {
  const {fromUs, toUs, volumes, hosts, reviews, scenarios, draws, model, granularity, warnings, lost} =
    replay;
  const happened =
    draws === undefined
      ? `each of ${counted(scenarios, 'scenario')} happens at every step, alone`
      : `random failures in ${counted(draws, 'draw')}`;
  return markup`<p>${formatInstantUs(fromUs)} to ${formatInstantUs(toUs)}, ${granularity}: ${counted(volumes, 'volume')}, ${counted(hosts, 'host')}, ${counted(reviews, 'review')}, model ${model}; ${happened}. Oracle and best-constant know what came: to measure by, not to plan by.</p>
<div class="beside">${scoresTable(replay)}${drawPareto(replay)}</div>
${efficientTable(replay)}
${[
  ...lost.map(
    ({scenario, volumes: count}) =>
      `${scenario} takes every copy of ${counted(count, 'volume')}, which no buffer brings back`,
  ),
  ...warnings,
].map((text) => markup`<p class="note">${text}</p>\n`)}`;
}

function scoresTable({scores}: ReplayDocument): Markup {
  return renderTable(
    'Policies, the fewest bytes stuck first',
    [
      {title: 'policy'},
      {title: 'repaired', isNumber: true},
      {title: 'stuck', isNumber: true},
      {title: 'held, mean', isNumber: true},
      {title: 'x oracle', isNumber: true},
      {title: 'worst'},
    ],
    scores.map(({policy, repairedShare, stuckBytes, meanHeldBytes, reserveVsOracle, worst}) => [
      ...[policy, percent(repairedShare), formatBytes(stuckBytes), formatBytes(meanHeldBytes)],
      reserveVsOracle?.toFixed(2) ?? '-',
      worst === undefined
        ? '-'
        : `${formatBytes(worst.stuckBytes)}, ${worst.scenario}, ${formatInstantUs(worst.atUs)}`,
    ]),
  );
}

/** The points of a sweep that no other beats in both. */
function efficientTable({pareto}: ReplayDocument): Markup {
  if (pareto === undefined) return markup``;
  const efficient = pareto.filter(({isEfficient}) => isEfficient);
  return renderTable(
    `${efficient.length} of ${pareto.length} policies and settings hold as little as any that repairs as much`,
    [
      {title: 'policy'},
      {title: 'with'},
      {title: 'byte-hours held', isNumber: true},
      {title: 'repaired', isNumber: true},
    ],
    efficient.map(({policy, setting, value, heldByteHours, repairedShare}) => [
      policy,
      setting === undefined ? '' : `${setting} ${value ?? ''}`,
      `${formatBytes(heldByteHours)} h`,
      percent(repairedShare),
    ]),
  );
}
