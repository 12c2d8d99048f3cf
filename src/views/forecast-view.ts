import {formatBytes, formatInstantUs} from '../lib/core/index.js';
import type {ForecastSummary} from '../lib/workflows/forecast-series.js';
import {printable, renderTable} from './table.js';

const VOLUMES_SHOWN = 40;
const BARS = '▁▂▃▄▅▆▇█';
const BAR_COLUMNS = 28;

/** One line a volume: its last value, its peak over the horizon at each level, and the course of the point forecast. */
export async function renderForecast(summary: ForecastSummary): Promise<string> {
  const {model, metric, granularity, horizonSteps, originUs, levels, volumes, out} = summary;
  const show = metric.endsWith('bytes') ? formatBytes : (value: number): string => value.toFixed(1);
  const table = await renderTable(
    [
      {title: 'volume'},
      {title: 'last', align: 'right'},
      {title: 'peak', align: 'right'},
      ...levels.map((level) => ({title: `peak of q${level}`, align: 'right'}) as const),
      {title: 'course'},
    ],
    volumes
      .slice(0, VOLUMES_SHOWN)
      .map(({volume, last, point, quantiles}) => [
        volume,
        show(last),
        show(Math.max(...point)),
        ...quantiles.map(({values}) => show(Math.max(...values))),
        sparkline(point),
      ]),
  );
  const more = volumes.length - VOLUMES_SHOWN;
  const about = `${model}, ${granularity} ${metric}: ${horizonSteps} steps from ${formatInstantUs(originUs)}`;
  return [
    about,
    '',
    table,
    ...(more > 0 ? [`and ${more} more volumes (--json or --out FILE has all)`] : []),
    ...(out === undefined ? [] : ['', `written to ${printable(out)}`]),
  ].join('\n');
}

/** Bars between the least and the largest value; a column shows the mean of its steps. */
function sparkline(values: readonly number[]): string {
  const columns = Math.min(BAR_COLUMNS, values.length);
  const heights = Array.from({length: columns}, (_, column) => {
    const from = Math.floor((column * values.length) / columns);
    const part = values.slice(from, Math.floor(((column + 1) * values.length) / columns));
    return part.reduce((total, value) => total + value, 0) / part.length;
  });
  const [least, most] = [Math.min(...heights), Math.max(...heights)];
  return heights
    .map(
      (height) =>
        BARS[most > least ? Math.round(((height - least) / (most - least)) * (BARS.length - 1)) : 0],
    )
    .join('');
}
