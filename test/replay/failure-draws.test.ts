import {describe, expect, test} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {meanOf, repairedShareOf} from '../../src/lib/replay/draw-sums.js';
import {drawFailures} from '../../src/lib/replay/failure-draws.js';
import {ratesOf, replayHistory, unknownRates} from '../../src/lib/replay/index.js';
import {buildSeries, buildTopology, policyOf, replayOptions, threeRacks} from './builders.js';

const YEAR_HOURS = 365.25 * 24;
const SPAN = {fromStep: 100, toStep: 100 + YEAR_HOURS, stepHours: 1};

describe('random failures', () => {
  const perYear = Float64Array.of(0, 2, 30);
  const draws = drawFailures({perYear, drawCount: 200}, SPAN, createRandom('draws'));
  const happened = (scenario: number): number[] =>
    Array.from({length: SPAN.toStep}, (_, step) => draws.drawsOf(step, scenario)).flat();

  test('come at their rates, and as unevenly as a Poisson process', () => {
    expect(happened(0)).toEqual([]);
    for (const scenario of [1, 2]) {
      const rate = perYear[scenario] ?? 0;
      const counts = Array.from({length: 200}, () => 0);
      for (const draw of happened(scenario)) counts[draw] = (counts[draw] ?? 0) + 1;
      const {mean, standardError} = meanOf(counts);
      // Mean and variance are both the rate; 4 standard errors, that of the variance being about rate x sqrt(2 / 200).
      expect(Math.abs(mean - rate)).toBeLessThan(4 * Math.sqrt(rate / 200));
      expect(Math.abs(standardError ** 2 * 200 - rate)).toBeLessThan(4 * (rate + 1) * Math.sqrt(2 / 200));
    }
  });

  test('fall into the steps that are scored, all over them', () => {
    const steps = Array.from({length: SPAN.toStep + 50}, (_, step) => draws.drawsOf(step, 2).length);
    expect(steps.slice(0, SPAN.fromStep).every((count) => count === 0)).toBe(true);
    expect(steps.slice(SPAN.toStep).every((count) => count === 0)).toBe(true);
    const quarter = (SPAN.toStep - SPAN.fromStep) / 4;
    for (const from of [0, 1, 2, 3]) {
      const begin = SPAN.fromStep + from * quarter;
      const count = steps.slice(begin, begin + quarter).reduce((sum, one) => sum + one, 0);
      expect(count).toBeGreaterThan(1300);
      expect(count).toBeLessThan(1700);
    }
  });
});

test('a rate is that of the scenario, of what fails in it, or of all', () => {
  const topology = buildTopology(
    ['r0', 'r1'].map((rack, host) => ({capacityBytes: 1, labels: {rack, feed: `f${host}`}})),
    [],
  );
  expect(topology.scenarios.map(({id}) => id)).toEqual(['rack/r0', 'feed/f0', 'rack/r1', 'feed/f1']);
  const stated = {perYear: 0.5, named: {rack: 2, 'rack/r1': 7}};
  expect([...ratesOf(topology, stated)]).toEqual([2, 0.5, 7, 0.5]);
  expect(unknownRates(topology, stated)).toEqual([]);
  expect(unknownRates(topology, {perYear: 1, named: {racks: 1}})).toEqual(['racks']);
});

test('a share over draws has the error of a ratio', () => {
  const sums = {happened: [4, 2, 0], repaired: [3, 1, 0], stuckBytes: [], volumeHoursAtRisk: []};
  const share = 4 / 6;
  const errors = [3 - 4 * share, 1 - 2 * share, 0];
  const error = Math.sqrt(errors.reduce((sum, one) => sum + one * one, 0) / 6) / 2;
  expect(repairedShareOf(sums).mean).toBeCloseTo(share);
  expect(repairedShareOf(sums).standardError).toBeCloseTo(error);
  expect(repairedShareOf({...sums, happened: [0], repaired: [0]})).toEqual({mean: 1, standardError: 0});
});

test('the mean of very many draws is what every failure at every step comes to, times how often each happens', async () => {
  const topology = threeRacks([{replicas: [0, 1]}]);
  const histories = [
    buildSeries(
      0,
      Array.from({length: 240}, (_, hour) => 40 + 30 * Math.sin(hour / 9)),
    ),
  ];
  const options = {topology, histories, reviewSteps: 24, prices: {heldByteHour: 0.5, stuckByte: 3}};
  const policies = [policyOf('fixed', () => [0, 0, 50])];
  const every = await replayHistory(replayOptions({...options, policies}));
  const rates = {perYear: new Float64Array(3).fill(100), drawCount: 500};
  const random = await replayHistory(replayOptions({...options, policies, rates}));
  const [exact] = every.scores;
  const [drawn] = random.scores;
  if (exact === undefined || drawn?.standardErrors === undefined) throw new Error('two scores');
  expect(random.draws).toBe(500);
  // Each scenario-step happens 100 times a year, so in an hour of the year 100 / 8766 times.
  const often = 100 / YEAR_HOURS;
  const isNear = (found: number, wanted: number, error: number): void => {
    expect(Math.abs(found - wanted)).toBeLessThan(4 * error);
    expect(error).toBeLessThan(0.1 * Math.abs(wanted));
  };
  const {standardErrors: errors} = drawn;
  isNear(drawn.stuckBytes, exact.stuckBytes * often, errors.stuckBytes);
  isNear(drawn.volumeHoursAtRisk, exact.volumeHoursAtRisk * often, errors.volumeHoursAtRisk);
  isNear(drawn.repairedShare, exact.repairedShare, errors.repairedShare);
  expect(drawn.heldByteHours).toBe(exact.heldByteHours);
  expect(exact.cost).toBeCloseTo(0.5 * exact.heldByteHours + 3 * exact.stuckBytes);
  expect(drawn.cost).toBeCloseTo(0.5 * exact.heldByteHours + 3 * drawn.stuckBytes);
  expect(errors.cost).toBeCloseTo(3 * errors.stuckBytes);
  expect(exact.standardErrors).toBeUndefined();
});
