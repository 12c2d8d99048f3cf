/** A thread that fits models and predicts for another one: see model-threads.ts. */
import {parentPort} from 'node:worker_threads';

import {createRandom, InputError, invariant, UsageError} from '../../core/index.js';
import {forecastModel} from '../registry.js';
import type {Answer, Task} from './messages.js';

const port = parentPort;
invariant(port !== null, 'this runs in a thread of its own');

port.on('message', (task: Task) => {
  void answer(task).then((told) => {
    port.postMessage(told);
  });
});

async function answer(task: Task): Promise<Answer> {
  try {
    return await work(task);
  } catch (error) {
    if (error instanceof InputError || error instanceof UsageError) {
      const {code, message, hints} = error;
      return {kind: 'refused', exitCode: error instanceof InputError ? 3 : 2, code, message, hints};
    }
    return {kind: 'failed', stack: error instanceof Error ? (error.stack ?? error.message) : String(error)};
  }
}

async function work(task: Task): Promise<Answer> {
  const model = forecastModel(task.model);
  if (task.kind === 'fit') {
    const {panel, horizonSteps, seasonSteps, seed, checkpoints} = task;
    const fitted = await model.fit(panel, {
      ...{horizonSteps, seasonSteps, random: createRandom(seed), checkpoints},
      onProgress: (progress) => port?.postMessage({kind: 'progress', progress} satisfies Answer),
      onRemark: (text) => port?.postMessage({kind: 'remark', text} satisfies Answer),
    });
    return {kind: 'fitted', saved: fitted.save()};
  }
  const fitted = await model.load(task.saved);
  const {histories, horizonSteps} = task;
  if (!task.wantsBands) return {kind: 'points', points: await fitted.predict(histories, horizonSteps)};
  invariant(fitted.predictBands !== undefined, `${task.model} has no quantiles of its own`);
  return {kind: 'bands', bands: await fitted.predictBands(histories, horizonSteps)};
}
