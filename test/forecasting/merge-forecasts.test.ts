import {describe, expect, it} from 'vitest';

import {
  forecastCsv,
  isInShard,
  mergeForecasts,
  readShard,
  shardMark,
  type Forecast,
  type ForecastPart,
  type Shard,
} from '../../src/lib/forecasting/index.js';
import {seriesOf} from './builders.js';

const MODEL = 'ab'.repeat(32);
const fleet = [
  ...['a', 'b', 'c', 'd', 'e,"f"'].map((id) => seriesOf([1, 2], id)),
  seriesOf([NaN], 'unknown'),
];

function forecastOf(id: string): Forecast {
  const shared = {startUs: 432e9, stepSeconds: 3600, levels: [0.5]};
  return {...shared, id, point: Float64Array.of(1, 2), quantiles: [Float64Array.of(1, 1e21)]};
}

const known = fleet.slice(0, -1).map(({id}) => forecastOf(id));
const whole = forecastCsv(known, [0.5]);

/** Without quotes: no name of a shard in these tests but one needs them, and that one is cut by hand. */
function rowsOf(csv: string): ForecastPart['rows'] {
  const lines = csv.trimEnd().split('\n');
  return lines.map((line) =>
    line
      .replace('"e,""f"""', 'E')
      .split(',')
      .map((cell) => (cell === 'E' ? 'e,"f"' : cell)),
  );
}

const knownOf = (panel: typeof fleet): readonly string[] =>
  panel.filter(({values}) => values.some((value) => !Number.isNaN(value))).map(({id}) => id);

function partOf(shard: Shard, {model = MODEL, panel = fleet, levels = [0.5]} = {}): ForecastPart {
  const own = known.filter(({id}) => isInShard(id, shard)).map((forecast) => ({...forecast, levels}));
  const csv = forecastCsv(own, levels, shardMark(shard, knownOf(panel), model));
  return {file: `part-${shard.index}.csv`, rows: rowsOf(csv)};
}

const shards = (count: number): readonly ForecastPart[] =>
  Array.from({length: count}, (_, index) => partOf({index: index + 1, count}));
const merging = (parts: readonly ForecastPart[]) => (): unknown => mergeForecasts(parts);
/** Few volumes in many shards: some of them are empty. */
const many = shards(7);
const full = many.filter(({rows}) => rows.length > 1);
const empty = many.filter(({rows}) => rows.length === 1);

describe('a shard that is read', () => {
  it('has its own volumes, and knows which of all are known, however many are read at a time', async () => {
    const asked: number[] = [];
    const many = Array.from({length: 4100}, (_, index) =>
      seriesOf(index % 7 === 0 ? [NaN] : [1, 2], `v${index}`),
    );
    const source = {
      info: () => ({firstUs: 0, endUs: 7_200_000_000}),
      volumes: () => many.map(({id}) => ({name: id})),
      readSeries: ({volumes}: {readonly volumes?: readonly string[] | undefined}) => {
        asked.push(volumes?.length ?? many.length);
        return Promise.resolve(many.filter(({id}) => volumes?.includes(id) ?? true));
      },
    };
    const query = {granularity: 'hourly', metric: 'used-bytes', asOfUs: 7_200_000_000} as const;
    const shard = {index: 2, count: 3};
    const {panel, knownVolumes} = await readShard(source, query, shard);
    expect(panel).toEqual(many.filter(({id}) => isInShard(id, shard)));
    expect([...knownVolumes].sort()).toEqual([...knownOf(many)].sort());
    expect(Math.max(...asked)).toBeLessThan(2001);
    const without = {info: source.info, readSeries: source.readSeries};
    expect(await readShard(without, query, shard)).toEqual({panel, knownVolumes: knownOf(many)});
  });
});

describe('forecasts of shards', () => {
  it('are the whole when all are there, empty ones or not', () => {
    expect(mergeForecasts(shards(2).toReversed())).toEqual({csv: whole, volumes: 5});
    expect(empty.length).toBeGreaterThan(1);
    expect(mergeForecasts(many).csv).toBe(whole);
    expect(mergeForecasts(full).csv).toBe(whole);
  });

  it('are refused with the numbers of those that are missing', () => {
    const [first, ...rest] = full;
    const index = first?.file.replace(/\D/g, '') ?? '';
    expect(merging(rest)).toThrow(new RegExp(`^missing shards: .*${index}/7`));
    expect(merging(shards(2).slice(1))).toThrow(/^missing shards: 1\/2$/);
    expect(merging([...rest, ...empty])).toThrow(/without rows may be among them\)$/);
    expect(merging(empty)).toThrow('there is no row to merge');
  });

  it('are refused when one is there twice, under whatever name', () => {
    const [one, two] = shards(2);
    if (!one || !two) throw new Error('two shards were made');
    expect(merging([one, two, {...one, file: 'copy.csv'}])).toThrow(
      'copy.csv: shard 1/2 is in part-1.csv too',
    );
  });

  it('are refused when models, fleets, numbers or columns differ', () => {
    const one = partOf({index: 1, count: 2});
    const two = {index: 2, count: 2};
    expect(merging([one, partOf(two, {model: 'cd'.repeat(32)})])).toThrow(
      /part-2\.csv: model: "cdcdcdcdcdcd", where part-1\.csv has "abababababab"/,
    );
    expect(merging([one, partOf(two, {panel: fleet.slice(1)})])).toThrow(/part-2\.csv: fleet: /);
    expect(merging([one, ...shards(3).slice(1)])).toThrow(/number of shards: "3", where part-1\.csv has "2"/);
    expect(merging([one, partOf(two, {levels: [0.9]})])).toThrow(/part-2\.csv: columns: /);
    expect(merging([{file: 'whole.csv', rows: rowsOf(whole)}])).toThrow(
      'whole.csv: not the forecast of one shard, by its column shard',
    );
    expect(merging([{file: 'x.csv', rows: [['time', 'value']]}])).toThrow('x.csv:1: a forecast begins with');
  });

  it('are refused when a file was cut off, within a volume or between two', () => {
    const [one, two] = shards(2);
    if (!one || !two) throw new Error('two shards were made');
    expect(merging([one, {...two, rows: two.rows.slice(0, -1)}])).toThrow(
      /^part-2\.csv: volume ".*" has 1 of 2 steps: the file was cut off$/,
    );
    expect(merging([one, {...two, rows: two.rows.slice(0, -2)}])).toThrow('not all of their volumes');
    const [header = [], ...rows] = two.rows;
    const other = rows.map((row, index) => (index === 1 ? [...row.slice(0, -1), '1/9'] : row));
    expect(merging([one, {...two, rows: [header, ...other]}])).toThrow('part-2.csv: row 3: not the forecast');
  });
});
