import fc from 'fast-check';
import {expect, test} from 'vitest';

import {type CompiledTopology, compileTopology} from '../../src/lib/allocation/index.js';
import {createRandom, type Random} from '../../src/lib/core/index.js';
import {createOracle} from '../../src/lib/replay/oracle.js';
import {createPlacer, type Placer} from '../../src/lib/replay/place-demand.js';
import {alignPanel, createLevelReader} from '../../src/lib/replay/usage-panel.js';
import {createWindowReader, type WindowTruth} from '../../src/lib/replay/window-truth.js';
import {randomTopology, randomUse} from './builders.js';

/** Large enough that whole bytes and the solver's tie-breaking do not show. */
const UNIT = 1e9;
const STEPS = 6;

interface Case {
  readonly compiled: CompiledTopology;
  readonly placers: readonly Placer[];
  readonly windows: readonly WindowTruth[];
}

function randomCase(random: Random, hostCount: number): Case {
  const topology = randomTopology(random, hostCount, UNIT);
  const compiled = compileTopology(topology);
  const placers = compiled.nets.map(createPlacer);
  const levels = createLevelReader(alignPanel(topology, randomUse(random, topology, STEPS, UNIT)));
  const reality = createWindowReader(compiled, levels);
  const windows = [0, 3].map((from) => reality.window(from, from + 3));
  return {compiled, placers, windows};
}

/** Whether a reserve leaves no more stuck, at any step in any scenario, than all the room would. */
function suffices({placers}: Case, {steps}: WindowTruth, reserve: ArrayLike<number>): boolean {
  return steps.every(({roomBytes, demands, unavoidableBytes}) => {
    const held = roomBytes.map((room, host) => Math.min(room, reserve[host] ?? 0));
    return demands.every((demand, scenario) => {
      const stuck = placers[scenario]?.shortfall(demand, held)?.stuckBytes ?? 0;
      return stuck <= (unavoidableBytes[scenario] ?? 0) + 1e-7 * UNIT;
    });
  });
}

const total = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0);

/** A reserve that suffices and of which no host can give up anything: shrunk from all room in random order. */
function shrunk(
  truth: WindowTruth,
  random: Random,
  enough: (reserve: Float64Array) => boolean,
): Float64Array {
  const reserve = truth.mostRoomBytes.slice();
  const order = [...reserve.keys()].sort(() => random.next() - 0.5);
  for (const host of order) {
    let low = 0;
    let high = reserve[host] ?? 0;
    while (high - low > 1e-3 * UNIT) {
      reserve[host] = (low + high) / 2;
      if (enough(reserve)) high = reserve[host] ?? 0;
      else low = reserve[host] ?? 0;
    }
    reserve[host] = high;
  }
  return reserve;
}

/** The least total, in units, among all reserves of three hosts: with rows of 0 and 1 it is a multiple of a half. */
function leastOnGrid({mostRoomBytes}: WindowTruth, enough: (reserve: number[]) => boolean): number {
  const [a = 0, b = 0, c = 0] = mostRoomBytes.map((bytes) => Math.round((2 * bytes) / UNIT));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= a; i += 1) {
    for (let j = 0; j <= b; j += 1) {
      for (let k = 0; k <= c && i + j + k < best; k += 1) {
        if (enough([i, j, k].map((half) => (half * UNIT) / 2))) best = i + j + k;
      }
    }
  }
  return best / 2;
}

test('the oracle leaves nothing stuck that could be placed, and no reserve that does so holds less', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const random = createRandom(`bound ${seed}`);
      const found = randomCase(random, 4 + random.below(4));
      const oracle = createOracle(found.compiled);
      for (const truth of found.windows) {
        const least = await oracle.leastReserve(truth);
        expect(suffices(found, truth, least)).toBe(true);
        for (let trial = 0; trial < 3; trial += 1) {
          const other = shrunk(truth, random, (reserve) => suffices(found, truth, reserve));
          expect(total(least)).toBeLessThanOrEqual(total(other) * (1 + 2e-6) + least.length);
        }
      }
    }),
    {numRuns: 40, seed: 3},
  );
});

test('on three hosts the oracle holds what trying every reserve finds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), async (seed) => {
      const found = randomCase(createRandom(`grid ${seed}`), 3);
      const oracle = createOracle(found.compiled);
      for (const truth of found.windows) {
        const best = leastOnGrid(truth, (reserve) => suffices(found, truth, reserve));
        expect(total(await oracle.leastReserve(truth)) / UNIT).toBeCloseTo(best, 4);
      }
    }),
    {numRuns: 12, seed: 5},
  );
});

test('what was learned in one window does not change the answer in the next', async () => {
  const found = randomCase(createRandom('memory'), 7);
  const [first, second] = found.windows;
  if (first === undefined || second === undefined) throw new Error('two windows');
  const practised = createOracle(found.compiled);
  for (let round = 0; round < 12; round += 1) await practised.leastReserve(first);
  const fresh = createOracle(found.compiled);
  const difference = total(await practised.leastReserve(second)) - total(await fresh.leastReserve(second));
  expect(Math.abs(difference) / UNIT).toBeLessThan(1e-4);
});
