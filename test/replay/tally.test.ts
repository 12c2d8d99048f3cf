import {expect, test} from 'vitest';

import {compileTopology} from '../../src/lib/allocation/index.js';
import {createRandom} from '../../src/lib/core/index.js';
import {createTally, type Tally} from '../../src/lib/replay/tally.js';
import {alignPanel, createLevelReader} from '../../src/lib/replay/usage-panel.js';
import {createWindowReader} from '../../src/lib/replay/window-truth.js';
import {randomTopology, randomUse, START_US} from './builders.js';

const STEPS = 23;

test('a window of many steps counts as its steps do one by one', () => {
  const random = createRandom('tally');
  let [stuck, repaired] = [0, 0];
  for (let trial = 0; trial < 100; trial += 1) {
    const topology = randomTopology(random, 6, 1e9);
    const compiled = compileTopology(topology);
    const panel = alignPanel(topology, randomUse(random, topology, STEPS, 1e9));
    const reserve = Float64Array.from(topology.hosts, () => random.below(4e9));
    const score = (windowSteps: number): Tally['sums'] => {
      const tally = createTally({policy: 'any', stepHours: 1, compiled, stepUs: (step) => START_US + step});
      const reality = createWindowReader(compiled, createLevelReader(panel));
      for (let from = 0; from < STEPS; from += windowSteps)
        tally.addWindow(reality.window(from, Math.min(STEPS, from + windowSteps)), reserve);
      return tally.sums;
    };
    const [byStep, inWindows, atOnce] = [score(1), score(7), score(STEPS)];
    for (const {draws, worst, heldByteHours} of [inWindows, atOnce])
      expect({draws, worst, heldByteHours}).toEqual({
        draws: byStep.draws,
        worst: byStep.worst,
        heldByteHours: byStep.heldByteHours,
      });
    stuck += (byStep.draws.happened[0] ?? 0) - (byStep.draws.repaired[0] ?? 0);
    repaired += byStep.draws.repaired[0] ?? 0;
  }
  expect(stuck).toBeGreaterThan(1000);
  expect(repaired).toBeGreaterThan(1000);
});
