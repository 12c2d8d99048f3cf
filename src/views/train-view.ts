import {formatInstantUs} from '../lib/core/index.js';
import type {TrainSummary} from '../lib/workflows/train-model.js';
import {printable} from './table.js';

/** What was trained, a line each. */
export function renderTraining(summary: TrainSummary & {readonly seconds: number}): string {
  const {coverage, calibrationOrigins, notes} = summary;
  const shares = coverage
    ?.map(({level, share}) => `${(100 * share).toFixed(1)} % under q${level}`)
    .join(', ');
  const lines = [
    ['model', `${summary.model}, ${summary.granularity} ${summary.metric}`],
    [
      'history',
      `${summary.series} volumes, ${summary.steps} steps to ${formatInstantUs(summary.trainedUntilUs)}`,
    ],
    ['horizon', `${summary.horizonSteps} steps`],
    ...Object.entries(notes).map(([name, value]) => [
      name,
      typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(4) : String(value),
    ]),
    ['calibration', `${calibrationOrigins} origins at the end of the history`],
    ['coverage', shares === undefined ? 'history too short to check' : `newest horizon: ${shares}`],
    ['time', `${summary.seconds} s`],
    ['written', printable(summary.out)],
    ['sha256', summary.sha256],
  ];
  const width = Math.max(...lines.map(([name = '']) => name.length)) + 2;
  return lines.map(([name = '', value = '']) => `${name.padEnd(width)}${value}`).join('\n');
}
