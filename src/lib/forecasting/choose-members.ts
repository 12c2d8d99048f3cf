import {mean, type Series} from '../core/index.js';
import {againstReference, seriesLosses, standardError, type OriginBands} from './band-losses.js';
import {cutEnd, heldOutHorizons, panelSteps} from './history.js';
import {bandsOf, type Band, type Member} from './member-bands.js';
import type {FitOptions} from './model.js';

/** More models than this say little new. */
const MOST_MEMBERS = 7;

interface Choice {
  readonly chosen: readonly Member[];
  /** Loss of each candidate alone, and of the chosen together, as a share of the first candidate's. */
  readonly losses: Readonly<Record<string, number>>;
}

/** How many steps at the end of a panel candidates are compared on. */
export function validationSteps(panel: readonly Series[], horizonSteps: number): number {
  return heldOutHorizons(panelSteps(panel), horizonSteps) * stepsAnOrigin(panel, horizonSteps);
}

function stepsAnOrigin(panel: readonly Series[], horizonSteps: number): number {
  return Math.min(horizonSteps, Math.floor(panelSteps(panel) / 2));
}

/**
 * The candidates that together did best on the last horizons: added greedily (Caruana et al. 2004, without repetition) by
 * the pinball loss over all levels (`againstReference`); of sets that beat the first candidate and do as well as the best
 * within a standard error the largest (Breiman et al. 1984, 3.4.3, turned round: more models err less together). The first
 * candidate alone where no set beats it.
 */
export async function chooseMembers(
  candidates: readonly Member[],
  asked: readonly Series[],
  options: FitOptions,
): Promise<Choice> {
  const origins = await bandsAtOrigins(candidates, asked, options);
  const reference = seriesLosses(asked, origins, [0], options.seasonSteps);
  const lossesOf = (members: readonly number[]): Float64Array =>
    againstReference(seriesLosses(asked, origins, members, options.seasonSteps), reference);
  const alone = candidates.map((_, index) => mean(lossesOf([index])));
  const [bar = Number.NaN] = alone;
  const found = grow(alone, lossesOf, Number.isNaN(bar) ? Infinity : bar);
  return {
    chosen: (found?.members ?? [0]).flatMap((index) => candidates[index] ?? []),
    losses: finiteOnly({
      ...Object.fromEntries(candidates.map(({fitted}, index) => [fitted.model, alone[index] ?? Number.NaN])),
      together: found?.loss ?? bar,
    }),
  };
}

async function bandsAtOrigins(
  candidates: readonly Member[],
  asked: readonly Series[],
  {horizonSteps}: FitOptions,
): Promise<readonly OriginBands[]> {
  const steps = stepsAnOrigin(asked, horizonSteps);
  const origins: OriginBands[] = [];
  for (let back = 1; back <= heldOutHorizons(panelSteps(asked), horizonSteps); back += 1) {
    const histories = asked.map((series) => cutEnd(series, back * steps));
    const bands: (readonly Band[])[] = [];
    for (const member of candidates) bands.push(await bandsOf(member, histories, steps));
    origins.push({histories, bands});
  }
  return origins;
}

interface Grown {
  readonly members: readonly number[];
  readonly loss: number;
}

/**
 * Adds the model that makes the least loss, over and over; the largest of those sets under the bar that is within a standard
 * error of the best. Undefined when none is under it.
 */
function grow(
  alone: readonly number[],
  lossesOf: (members: readonly number[]) => Float64Array,
  bar: number,
): Grown | undefined {
  const usable = alone.flatMap((loss, index) => (Number.isFinite(loss) ? [index] : []));
  const path: (Grown & {readonly losses: Float64Array})[] = [];
  while (path.length < Math.min(MOST_MEMBERS, usable.length)) {
    const taken = path.at(-1)?.members ?? [];
    const grown = usable
      .filter((index) => !taken.includes(index))
      .map((index) => {
        const losses = lossesOf([...taken, index]);
        return {members: [...taken, index], losses, loss: mean(losses)};
      });
    const [first, ...others] = grown;
    if (!first) break;
    path.push(others.reduce((least, one) => (one.loss < least.loss ? one : least), first));
  }
  const [first, ...others] = path.filter(({loss}) => loss < bar);
  if (!first) return undefined;
  const best = others.reduce((least, one) => (one.loss < least.loss ? one : least), first);
  const isClose = (one: typeof best): boolean =>
    one.loss - best.loss <= standardError(one.losses, best.losses);
  return [first, ...others].findLast(isClose) ?? best;
}

function finiteOnly(losses: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(losses).filter(([, loss]) => Number.isFinite(loss)));
}
