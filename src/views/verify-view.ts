import type {PlanVerification} from '../lib/workflows/verify-plan.js';
import {paint} from './paint.js';
import {printable} from './table.js';

const MOST_PROBLEMS = 20;

/** The problems, if any, and the verdict. */
export function renderVerification({
  plan,
  accepted,
  scenarioCount,
  copyCount,
  problems,
}: PlanVerification): string {
  const lines = problems
    .slice(0, MOST_PROBLEMS)
    .map(({scenario, message}) => printable(scenario === '' ? message : `if ${scenario} fails: ${message}`));
  const hidden = problems.length - lines.length;
  if (hidden > 0) lines.push(`and ${hidden} more; --json lists them`);
  const verdict = accepted
    ? paint.good(
        `accepted: ${scenarioCount} scenarios, ${copyCount} copies placed by the rules within the reserves`,
      )
    : paint.bad(`refused: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`);
  return [...lines, `${printable(plan)}: ${verdict}`].join('\n');
}
