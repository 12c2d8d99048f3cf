import {formatBytes, formatInstantUs} from '../lib/core/index.js';
import type {ForecastSummary, VolumeForecast} from '../lib/workflows/forecast-series.js';
import {sparkline} from './sparkline.js';
import {printable, renderTable} from './table.js';

const VOLUMES_SHOWN = 40;
const BAR_COLUMNS = 28;

/** One line a volume or boundary: its last value, its peak over the horizon at each level, and the course of the point forecast. */
export async function renderForecast(summary: ForecastSummary): Promise<string> {
  const {model, metric, granularity, horizonSteps, originUs, volumes, boundaries, out} = summary;
  const table = await tableOf(
    summary,
    'volume',
    volumes.slice(0, VOLUMES_SHOWN).map((row) => ({name: row.volume, ...row})),
  );
  const more = volumes.length - VOLUMES_SHOWN;
  const about = `${model}, ${granularity} ${metric}: ${horizonSteps} steps from ${formatInstantUs(originUs)}`;
  return [
    about,
    '',
    table,
    ...(more > 0 ? [`and ${more} more volumes (--json or --out FILE has all)`] : []),
    ...(boundaries === undefined
      ? []
      : [
          '',
          await tableOf(
            summary,
            'boundary',
            boundaries.map((row) => ({name: row.boundary, ...row})),
          ),
        ]),
    ...(out === undefined ? [] : ['', `written to ${printable(out)}`]),
    ...(summary.kept ?? []).map(
      ({role, path, isNew}) => `${isNew ? 'kept' : 'was kept before'} as ${role}: ${printable(path)}`,
    ),
  ].join('\n');
}

async function tableOf(
  {metric, levels}: ForecastSummary,
  title: string,
  rows: readonly (Omit<VolumeForecast, 'volume'> & {readonly name: string})[],
): Promise<string> {
  const show = metric.endsWith('bytes') ? formatBytes : (value: number): string => value.toFixed(1);
  return renderTable(
    [
      {title},
      {title: 'last', align: 'right'},
      {title: 'peak', align: 'right'},
      ...levels.map((level) => ({title: `peak of q${level}`, align: 'right'}) as const),
      {title: 'course'},
    ],
    rows.map(({name, last, point, quantiles}) => [
      name,
      show(last),
      show(Math.max(...point)),
      ...quantiles.map(({values}) => show(Math.max(...values))),
      sparkline(point, BAR_COLUMNS),
    ]),
  );
}
