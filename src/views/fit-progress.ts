import {formatDurationRoughly} from '../lib/core/index.js';
import type {FitProgress} from '../lib/forecasting/index.js';
import type {Progress} from './progress.js';

interface Running {
  readonly first: FitProgress;
  readonly firstMs: number;
  readonly last: FitProgress;
}

/** Of more that run at the same time, the first ones are shown: a line must fit. */
const MOST_SHOWN = 2;

/**
 * Shows how far the fit of a model is, and of those that it is made of: counts, losses, the time left; `nowMs` is
 * performance.now() unless told.
 */
export function fitProgress(
  progress: Progress,
  nowMs: () => number = () => performance.now(),
): (told: FitProgress) => void {
  const running = new Map<string, Running>();
  return (told) => {
    const {first, firstMs} = running.get(told.model) ?? {first: told, firstMs: nowMs()};
    running.set(told.model, {first, firstMs, last: told});
    if (told.done >= told.total) running.delete(told.model);
    if (told.ended !== undefined) running.delete(told.ended);
    const [whole, parts] = [false, true].map((isPart) =>
      [...running.values()].filter(({last}) => (last.unit !== 'models') === isPart),
    );
    const shown = [...(whole ?? []), ...(parts ?? []).slice(0, MOST_SHOWN)];
    progress.update(
      shown.map((one) => describe(one, nowMs())).join('; ') ||
        describe({first, firstMs, last: told}, nowMs()),
    );
  };
}

function describe({first, firstMs, last}: Running, nowMs: number): string {
  const {model, unit, done, total, loss, heldOutLoss} = last;
  const leftMs = ((nowMs - firstMs) * (total - done)) / (done - first.done);
  return [
    `${model} ${done}/${total} ${unit}`,
    ...(loss === undefined ? [] : [`loss ${loss.toFixed(4)}`]),
    ...(heldOutLoss === undefined ? [] : [`held out ${heldOutLoss.toFixed(4)}`]),
    // What a model made of others has left depends on which they are.
    ...(Number.isFinite(leftMs) && unit !== 'models' ? [`${formatDurationRoughly(leftMs / 1000)} left`] : []),
  ].join(', ');
}
