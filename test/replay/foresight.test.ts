import {expect, test} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {type ForecastModel, forecastPeaks} from '../../src/lib/forecasting/index.js';
import {createForesight} from '../../src/lib/replay/foresight.js';
import {alignPanel, visibleBefore} from '../../src/lib/replay/usage-panel.js';
import {buildSeries, buildTopology, lastValueModel} from './builders.js';

const STEPS = 300;
const REVIEW_STEPS = 12;

/** Three volumes; the second is launched in the middle. */
function buildPanel() {
  const random = createRandom('foresight');
  const hosts = ['r0', 'r1'].map((rack) => ({capacityBytes: 1e6, labels: {rack}}));
  const topology = buildTopology(hosts, [{replicas: [0]}, {replicas: [1]}, {replicas: [0, 1]}]);
  const histories = topology.volumes.map((_, volume) =>
    buildSeries(
      volume,
      Array.from({length: STEPS}, (__, step) =>
        volume === 1 && step < 150 ? Number.NaN : Math.round(1000 + 3 * step + 50 * random.normal()),
      ),
    ),
  );
  return alignPanel(topology, histories);
}

/** The same model, counting how often it foresees. */
function counting(model: ForecastModel): {readonly model: ForecastModel; readonly predictions: () => number} {
  let predictions = 0;
  const fit: ForecastModel['fit'] = async (panel, options) => {
    const fitted = await model.fit(panel, options);
    const predict: typeof fitted.predict = async (histories, horizonSteps) => {
      predictions += 1;
      return fitted.predict(histories, horizonSteps);
    };
    return {...fitted, predict};
  };
  return {model: {...model, fit}, predictions: () => predictions};
}

test('walking through history foresees the same as asking anew at every review, with a fraction of the work', async () => {
  const panel = buildPanel();
  const {model, predictions} = counting(lastValueModel());
  const options = {
    horizonSteps: 18,
    seasonSteps: [],
    firstStep: 60,
    refitReviews: 0,
    reviewSteps: REVIEW_STEPS,
    originCount: 10,
    random: createRandom(1),
  };
  const foresight = createForesight(panel, {...options, model});
  const fitted = await lastValueModel().fit(panel.series, {...options, random: createRandom(1)});
  let reviews = 0;
  for (let step = 60; step < STEPS; step += REVIEW_STEPS) {
    reviews += 1;
    const anew = await forecastPeaks(fitted, visibleBefore(panel, step), {
      horizonSteps: 18,
      originCount: 10,
      sampleCount: 10,
      random: createRandom(1).fork('peaks'),
      memory: {everySteps: REVIEW_STEPS, origins: new Map()},
    });
    expect(await foresight.peaksAt(step)).toEqual(anew);
    expect(anew.samples).toHaveLength(10);
  }
  expect(reviews).toBe(20);
  // Anew it would be 11 at every review.
  expect(predictions()).toBeLessThan(5 * reviews);
});

test('a volume that is not there yet is foreseen as nothing', async () => {
  const panel = buildPanel();
  const foresight = createForesight(panel, {
    model: lastValueModel(),
    horizonSteps: 12,
    seasonSteps: [],
    firstStep: 120,
    refitReviews: 1,
    reviewSteps: REVIEW_STEPS,
    originCount: 5,
    random: createRandom(1),
  });
  const before = await foresight.peaksAt(120);
  expect(before.point[1]).toBe(0);
  expect(before.point[0]).toBeGreaterThan(1000);
  expect((await foresight.peaksAt(204)).point[1]).toBeGreaterThan(1000);
});
