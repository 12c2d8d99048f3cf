import {formatDurationRoughly} from '../lib/core/index.js';

/**
 * Tells, each time that something is done, how long the rest will take at the pace so far: `, 5m left`; nothing the first
 * time, when no pace is known.
 */
export function createTimeLeft(): (done: number, total: number) => string {
  let first: {readonly done: number; readonly atMs: number} | undefined;
  return (done, total) => {
    const atMs = performance.now();
    first ??= {done, atMs};
    if (done <= first.done) return '';
    const leftSeconds = ((atMs - first.atMs) / 1000 / (done - first.done)) * (total - done);
    return `, ${formatDurationRoughly(leftSeconds)} left`;
  };
}
