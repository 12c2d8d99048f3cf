import {expect, it} from 'vitest';

import type {FitProgress} from '../../src/lib/forecasting/index.js';
import {fitProgress} from '../../src/views/fit-progress.js';

it('tells steps, losses and the time left of a network, and of several at the same time', () => {
  const lines: string[] = [];
  let nowMs = 0;
  const progress = {update: (text: string) => lines.push(text), stop: () => undefined};
  const tell = fitProgress(progress, () => nowMs);
  const mlp = {model: 'mlp', unit: 'steps', total: 400, loss: 0.25, heldOutLoss: 0.5} as const;
  const told: readonly [number, FitProgress][] = [
    // The first report of a resumed training is no speed.
    [1000, {...mlp, done: 200}],
    [11_000, {...mlp, done: 300}],
    [11_000, {model: 'ensemble', unit: 'models', done: 3, total: 13}],
    [12_000, {model: 'ets', unit: 'series', done: 0, total: 60}],
    [13_000, {model: 'ets', unit: 'series', done: 20, total: 60}],
    [14_000, {...mlp, done: 400}],
    // It stopped early, or was refused: nothing more is said of it.
    [15_000, {model: 'ensemble', unit: 'models', done: 4, total: 13, ended: 'ets'}],
  ];
  for (const [atMs, one] of told) {
    nowMs = atMs;
    tell(one);
  }
  const network = 'mlp 300/400 steps, loss 0.2500, held out 0.5000';
  expect(lines).toEqual([
    'mlp 200/400 steps, loss 0.2500, held out 0.5000',
    `${network}, 10s left`,
    `ensemble 3/13 models; ${network}, 10s left`,
    `ensemble 3/13 models; ${network}, 11s left; ets 0/60 series`,
    `ensemble 3/13 models; ${network}, 12s left; ets 20/60 series, 2s left`,
    'ensemble 3/13 models; ets 20/60 series, 4s left',
    'ensemble 4/13 models',
  ]);
});
