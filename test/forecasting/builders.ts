import {expect} from 'vitest';

import {createRandom, type Series, US_PER_SECOND} from '../../src/lib/core/index.js';
import type {FitOptions} from '../../src/lib/forecasting/index.js';
import type {PanelSource} from '../../src/lib/forecasting/read-panel.js';
import type {HistoryQuery} from '../../src/lib/shadow-store/index.js';

export function seriesOf(values: Iterable<number>, id = 'v'): Series {
  return {id, startUs: 0, stepSeconds: 3600, values: Float64Array.from(values)};
}

/** `steps` values made from the step's number and a normal draw. */
export function made(
  steps: number,
  value: (step: number, noise: number) => number,
  {id = 'v', seed = 1}: {id?: string; seed?: number | string} = {},
): Series {
  const random = createRandom(seed);
  return seriesOf(
    Array.from({length: steps}, (_, step) => value(step, random.normal())),
    id,
  );
}

export function wave(step: number, period: number): number {
  return Math.sin((2 * Math.PI * step) / period);
}

export function fitOptions(options: Partial<FitOptions> = {}): FitOptions {
  return {horizonSteps: 4, seasonSteps: [4], random: createRandom(1), ...options};
}

/** A store of series that begin at the epoch and have steps of an hour. */
export function storeOf(panel: readonly Series[], endUs?: number): PanelSource & {close(): void} {
  const hourUs = 3600 * US_PER_SECOND;
  return {
    info: () => ({firstUs: 0, endUs: endUs ?? Math.max(...panel.map(({values}) => values.length)) * hourUs}),
    readSeries: ({fromUs = 0, toUs = Infinity, volumes}: HistoryQuery) =>
      Promise.resolve(
        panel
          .filter(({id}) => volumes === undefined || volumes.includes(id))
          .map((series) => ({
            ...series,
            startUs: fromUs,
            values: series.values.slice(fromUs / hourUs, toUs / hourUs),
          })),
      ),
    close: () => undefined,
  };
}

/** Every value as near to its peer as a share of it. */
export function expectClose(found: Iterable<number>, expected: readonly number[], share: number): void {
  const values = [...found];
  expect(values).toHaveLength(expected.length);
  for (const [index, value] of values.entries()) {
    const peer = expected[index] ?? Number.NaN;
    expect(Math.abs(value - peer), `${value} beside ${peer}`).toBeLessThanOrEqual(share * Math.abs(peer));
  }
}
