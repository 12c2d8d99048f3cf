import type {NightlySummary} from '../lib/workflows/run-nightly.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

type Outcome = NightlySummary['steps'][number];

const WORDS: Readonly<Record<Outcome['status'], string>> = {
  done: 'done',
  unchanged: 'unchanged',
  'left-out': 'left out',
  failed: 'failed',
  'not-run': 'not run',
};

/** A line when a step ends. */
export function renderStep(outcome: Outcome): string {
  return `${outcome.name}: ${resultOf(outcome)}${outcome.why === undefined ? '' : `, ${printable(outcome.why)}`}`;
}

/** The night, a row a step. */
export async function renderNight({steps, exitCode, out}: NightlySummary): Promise<string> {
  const rows = steps.map((step) => [step.name, resultOf(step), step.why ?? '', step.outputs.join(' ')]);
  const table = await renderTable(
    [{title: 'step', isWhole: true}, {title: 'result', isWhole: true}, {title: 'why'}, {title: 'written'}],
    rows,
  );
  return `${table}\n${verdict(exitCode, out)}`;
}

function resultOf({status, exitCode}: Outcome): string {
  if (exitCode === 4) return `${WORDS[status]}: check failed`;
  return exitCode === 7 ? `${WORDS[status]}: changes pending` : WORDS[status];
}

function verdict(exitCode: number, out: string): string {
  const where = printable(out);
  if (exitCode === 0) return paint.good(`all is well; results in ${where}`);
  if (exitCode === 4) return paint.bad(`a check failed; results in ${where}`);
  if (exitCode === 7)
    return paint.warn(`the plan has changes that are not held yet: foreshadow apply ${where}/plan.json`);
  return paint.bad(`the night ended early (exit ${exitCode}): the same call goes on from there`);
}
