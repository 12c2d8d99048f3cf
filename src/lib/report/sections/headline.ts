import {type Markup, markup} from '../../charts/index.js';
import {formatBytes, formatInstantUs} from '../../core/index.js';
import type {ReportData} from '../report-data.js';
import {slackOf, tightestFirst, totalsOf} from './scenario-slack.js';
import {counted, percent, signedBytes} from './words.js';

/** One number that matters, what it is, and what to know beside it. */
interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly tone?: 'good' | 'bad' | undefined;
}

const SOON_DAYS = 30;
/** Not everybody tells colours apart. */
const SIGNS = {good: '✓ ', bad: '! '};

/** The numbers that a planner looks at first; of what the report has. */
export function renderHeadline(data: ReportData): Markup {
  const tiles = [
    ...planTiles(data),
    ...volumesTile(data),
    ...anomaliesTile(data),
    ...modelTile(data),
    ...monitorTile(data),
    ...replayTile(data),
  ];
  if (tiles.length === 0) return markup``;
  return markup`<section id="headline" aria-label="Headline numbers"><dl class="tiles">
${tiles.map(renderTile)}</dl></section>`;
}

function renderTile({label, value, note, tone}: Tile): Markup {
  const sign = tone === undefined ? '' : SIGNS[tone];
  return markup`<div class="tile ${tone}"><dt>${label}</dt><dd><strong>${sign}${value}</strong><span>${note}</span></dd></div>\n`;
}

function planTiles({plan}: ReportData): readonly Tile[] {
  if (plan === undefined) return [];
  const {boundaries, policy, feasible} = plan;
  const {reserveBytes, currentBytes, capacityBytes} = totalsOf(plan);
  const uncovered = new Set(plan.uncovered.map(({scenario}) => scenario)).size;
  const [tightest] = tightestFirst(boundaries.filter(({requiredBytes}) => requiredBytes > 0));
  const held = `${signedBytes(reserveBytes - currentBytes)} against now; ${percent(reserveBytes / Math.max(1, capacityBytes), 1)} of capacity; policy ${policy}`;
  return [
    {label: 'Buffer to hold', value: formatBytes(reserveBytes), note: held},
    {
      label: 'Failures repaired',
      value: `${boundaries.length - uncovered} of ${boundaries.length}`,
      note: feasible ? 'each checked copy by copy' : `${counted(uncovered, 'scenario')} not covered`,
      tone: feasible ? 'good' : 'bad',
    },
    ...(tightest === undefined
      ? []
      : [
          {
            label: 'Least slack',
            value: signedBytes(slackOf(tightest)),
            note: `if ${tightest.scenario} fails, which needs ${formatBytes(tightest.requiredBytes)}`,
            tone: slackOf(tightest) < 0 ? ('bad' as const) : undefined,
          },
        ]),
  ];
}

function volumesTile({patterns}: ReportData): readonly Tile[] {
  if (patterns === undefined) return [];
  const volumes = patterns.subjects.filter(({subject}) => subject === 'volume');
  const soon = volumes.filter(({full}) => full !== undefined && (full.days ?? Infinity) <= SOON_DAYS);
  return [
    {
      label: `Full within ${SOON_DAYS} days`,
      value: counted(soon.length, 'volume'),
      note: `of ${volumes.length.toLocaleString('en')}, at the growth since their last change`,
      tone: soon.length > 0 ? 'bad' : 'good',
    },
  ];
}

function anomaliesTile({anomalies}: ReportData): readonly Tile[] {
  if (anomalies === undefined) return [];
  const critical = anomalies.anomalies.filter(({severity}) => severity === 'critical').length;
  return [
    {
      label: 'Critical anomalies',
      value: critical.toLocaleString('en'),
      note: `of ${anomalies.anomalies.length.toLocaleString('en')}; ${counted(anomalies.events.length, 'event')} of the fleet; until ${formatInstantUs(anomalies.toUs).slice(0, 10)}`,
    },
  ];
}

function modelTile({evaluation}: ReportData): readonly Tile[] {
  const [best] = evaluation?.models ?? [];
  if (evaluation === undefined || best?.wql === undefined) return [];
  const toBeat = evaluation.models.find(
    ({model, granularity}) => model === evaluation.toBeat && granularity === best.granularity,
  );
  const share = toBeat?.wql === undefined || toBeat.wql === 0 ? undefined : best.wql / toBeat.wql;
  const note =
    best.model === evaluation.toBeat
      ? 'nothing beats it'
      : `quantile loss ${share?.toFixed(2) ?? '-'} times that of ${evaluation.toBeat}`;
  return [{label: 'Best model', value: best.model, note: `${best.granularity}: ${note}`}];
}

function monitorTile({monitor}: ReportData): readonly Tile[] {
  if (monitor === undefined || monitor.checks.length === 0) return [];
  const {checks} = monitor;
  const [failed, ...others] = checks.filter(({passed}) => !passed);
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return [
    {
      label: 'Drift and promises',
      value:
        failed === undefined
          ? `${checks.length} of ${checks.length} passed`
          : `${others.length + 1} of ${checks.length} failed`,
      note:
        failed === undefined
          ? `checks of ${counted(monitor.keptForecasts, 'forecast')} and ${counted(monitor.plans.length, 'plan')} kept`
          : `${failed.about}: ${failed.message}${more}`,
      tone: failed === undefined ? 'good' : 'bad',
    },
  ];
}

function replayTile({replay, plan}: ReportData): readonly Tile[] {
  const score = replay?.scores.find(({policy}) => policy === (plan?.policy ?? 'shared'));
  if (score === undefined) return [];
  const ratio = score.reserveVsOracle;
  return [
    {
      label: 'Repaired in replay',
      value: percent(score.repairedShare),
      note: `by ${score.policy}${ratio === undefined ? '' : `, holding ${ratio.toFixed(2)} times what an oracle would`}`,
      tone: score.stuckBytes > 0 ? 'bad' : 'good',
    },
  ];
}
