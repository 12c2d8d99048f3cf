export interface Minimum {
  readonly at: Float64Array;
  readonly value: number;
}

interface SimplexOptions {
  /** Length of the first simplex's edges. */
  readonly edge: number;
  readonly maxEvaluations: number;
  /** Ends when the values of the simplex differ by no more than this, and its points by no more than a tenth edge. */
  readonly tolerance: number;
}

/**
 * The minimum of a function of a few variables, without constraints (Nelder and Mead 1965; coefficients 1, 2, 1/2,
 * 1/2). The function may answer Infinity for a point that is not allowed.
 */
export function minimise(
  evaluate: (point: Float64Array) => number,
  start: Float64Array,
  {edge, maxEvaluations, tolerance}: SimplexOptions,
): Minimum {
  let evaluations = 0;
  const measure = (at: Float64Array): Minimum => {
    evaluations += 1;
    const value = evaluate(at);
    return {at, value: Number.isNaN(value) ? Infinity : value};
  };
  let simplex = [start, ...corners(start, edge)].map(measure).sort(byValue);
  for (;;) {
    const [best, worst] = [simplex[0], simplex.at(-1)];
    if (best === undefined || worst === undefined) throw new Error('broken invariant: an empty simplex');
    const isFlat = worst.value - best.value <= tolerance && diameter(simplex, best) <= edge / 10;
    if (isFlat || evaluations >= maxEvaluations) return best;
    const kept = simplex.slice(0, -1);
    const replacement = replaceWorst(kept, worst, measure);
    simplex = replacement ? [...kept, replacement] : [best, ...shrink(simplex, best).map(measure)];
    simplex.sort(byValue);
  }
}

/** The reflected, expanded or contracted point that takes the place of the worst; undefined when none is better. */
function replaceWorst(
  kept: readonly Minimum[],
  worst: Minimum,
  measure: (at: Float64Array) => Minimum,
): Minimum | undefined {
  const centre = worst.at.map(
    (_, axis) => kept.reduce((sum, {at}) => sum + (at[axis] ?? 0), 0) / kept.length,
  );
  const along = (factor: number): Minimum =>
    measure(centre.map((value, axis) => value + factor * ((worst.at[axis] ?? 0) - value)));
  const bestValue = kept[0]?.value ?? Infinity;
  const secondWorst = kept.at(-1)?.value ?? Infinity;
  const reflected = along(-1);
  if (reflected.value < bestValue) {
    const expanded = along(-2);
    return expanded.value < reflected.value ? expanded : reflected;
  }
  if (reflected.value < secondWorst) return reflected;
  const contracted = along(reflected.value < worst.value ? -0.5 : 0.5);
  return contracted.value < Math.min(reflected.value, worst.value) ? contracted : undefined;
}

function diameter(simplex: readonly Minimum[], {at}: Minimum): number {
  let largest = 0;
  for (const corner of simplex) {
    for (const [axis, value] of corner.at.entries())
      largest = Math.max(largest, Math.abs(value - (at[axis] ?? 0)));
  }
  return largest;
}

function corners(start: Float64Array, edge: number): readonly Float64Array[] {
  return Array.from(start, (_, moved) => start.map((value, axis) => (axis === moved ? value + edge : value)));
}

function shrink(simplex: readonly Minimum[], best: Minimum): readonly Float64Array[] {
  return simplex.slice(1).map(({at}) => at.map((value, axis) => ((best.at[axis] ?? 0) + value) / 2));
}

function byValue(left: Minimum, right: Minimum): number {
  return left.value < right.value ? -1 : left.value > right.value ? 1 : 0;
}
