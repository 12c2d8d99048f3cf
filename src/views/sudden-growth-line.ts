import {formatBytes, formatDurationRoughly} from '../lib/core/index.js';
import type {PlanSummary} from '../lib/workflows/plan-buffer.js';

/** What the term for sudden growth changes; nothing where it was not asked for. */
export function tellSuddenGrowth(told: PlanSummary['plan']['suddenGrowth']): string {
  if (told === undefined) return '';
  const {events, volumes, watchedSeconds, addsBytes} = told;
  const watched = formatDurationRoughly(watchedSeconds);
  if (events === 0) return `sudden growth adds nothing: none was seen in ${watched}`;
  const change = addsBytes < 0 ? 'takes' : 'adds';
  const where = addsBytes < 0 ? 'from' : 'to';
  return `sudden growth ${change} ${formatBytes(Math.abs(addsBytes))} ${where} the buffer: seen ${events} times, on ${volumes} volumes, in ${watched}; any volume may have it`;
}
