/**
 * The smallest reserve that, never changed, would have protected as well, chosen with hindsight: what any fixed rule
 * could at best have reached (DESIGN section 5). Which scenario-steps it gives up, as many as what it is compared with
 * did not repair, is a choice among very many: here each scenario gives up the same share of its own hardest steps
 * (those with the most bytes to re-create): the largest share that keeps as much is found by doubling what the other missed,
 * then by bisection. The least total for the steps kept is a linear program (least-constant.ts), so that the result is the least of this form, not of all.
 */
import {leastConstant} from '../least-constant.js';
import type {Hindsight, HindsightPolicy} from '../policy.js';
import {createStuckSteps, type StuckSteps} from '../stuck-steps.js';

/** Shares tried, beside none. */
const ROUNDS = 8;
/** The share given up is found to this part of what the other missed. */
const PRECISION = 1 / 16;

/** Holds the smallest constant reserve that repairs `repairedShare` of all scenario-steps. */
export const bestConstant: HindsightPolicy = {
  name: 'best-constant',
  summary: 'the smallest reserve that, never changed, would have protected as well',
  lookBack,
};

async function lookBack(hindsight: Hindsight): Promise<Float64Array> {
  const stuckSteps = createStuckSteps(hindsight);
  let best = await leastConstant(hindsight, stuckSteps, 1);
  const missedShare = 1 - hindsight.repairedShare;
  let enough = 0;
  let tooMuch: number | undefined;
  let share = missedShare;
  for (let round = 0; round < ROUNDS && share > 0; round += 1) {
    const reserveBytes = await leastConstant(hindsight, stuckSteps, 1 - share);
    if (repairedShare(hindsight, stuckSteps, reserveBytes) < hindsight.repairedShare) tooMuch = share;
    else {
      enough = share;
      if (sum(reserveBytes) < sum(best)) best = reserveBytes;
    }
    if ((tooMuch ?? 1) - enough <= PRECISION * missedShare) break;
    share = tooMuch === undefined ? Math.min(1, 2 * enough) : (enough + tooMuch) / 2;
  }
  return best;
}

function repairedShare(
  {steps, topology}: Hindsight,
  stuckSteps: StuckSteps,
  reserveBytes: Float64Array,
): number {
  let stuck = 0;
  stuckSteps.each(reserveBytes, {
    leastBytes: () => 1,
    visit: () => {
      stuck += 1;
    },
  });
  const count = steps.length * topology.scenarios.length;
  return count === 0 ? 1 : (count - stuck) / count;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
