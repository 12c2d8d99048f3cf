/** A point, the errors there, and the sum of their squares from `skip` on. */
export interface LeastSquares {
  readonly point: Float64Array;
  readonly squares: number;
}

interface Problem {
  /** Writes one error a row. */
  readonly errorsInto: (errors: Float64Array, point: Float64Array) => void;
  readonly rows: number;
  /** Leading errors that are not counted. */
  readonly skip: number;
}

const MOST_STEPS = 15;
const ENOUGH = 1e-5;
const NUDGE = 1e-4;

/**
 * The least sum of squared errors near a start, by Levenberg and Marquardt's method (Marquardt 1963) with slopes by
 * differences. Ends after 15 steps or when a step wins less than `enough` (1e-5) of the sum.
 */
export function leastSquares(problem: Problem, start: Float64Array, enough = ENOUGH): LeastSquares {
  const errors = new Float64Array(problem.rows);
  const nudged = new Float64Array(problem.rows);
  const measure = (into: Float64Array, point: Float64Array): number => {
    problem.errorsInto(into, point);
    let sum = 0;
    for (let row = problem.skip; row < problem.rows; row += 1) sum += (into[row] ?? 0) ** 2;
    return Number.isFinite(sum) ? sum : Infinity;
  };
  let point = Float64Array.from(start);
  let squares = measure(errors, point);
  if (point.length === 0) return {point, squares};
  let damping = 1e-3;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const {normal, slope} = linearise(problem, point, errors, nudged);
    let won = 0;
    for (let attempt = 0; attempt < 6 && won === 0; attempt += 1) {
      const move = solve(normal, slope, damping);
      const next = point.map((value, index) => value + (move[index] ?? 0));
      const sum = measure(nudged, next);
      if (sum < squares) {
        won = (squares - sum) / squares;
        [point, squares] = [next, sum];
        errors.set(nudged);
        damping /= 5;
      } else damping *= 6;
    }
    if (won < enough) break;
  }
  return {point, squares};
}

function linearise(
  {errorsInto, rows, skip}: Problem,
  point: Float64Array,
  errors: Float64Array,
  nudged: Float64Array,
): {normal: readonly Float64Array[]; slope: Float64Array} {
  const columns = Array.from(point, (_, axis) => {
    const moved = point.map((value, index) => (index === axis ? value + NUDGE : value));
    errorsInto(nudged, moved);
    const column = new Float64Array(rows - skip);
    for (let row = skip; row < rows; row += 1)
      column[row - skip] = ((nudged[row] ?? 0) - (errors[row] ?? 0)) / NUDGE;
    return column;
  });
  const tail = errors.subarray(skip);
  return {
    normal: columns.map((left) => Float64Array.from(columns, (right) => dot(left, right))),
    slope: Float64Array.from(columns, (column) => -dot(column, tail)),
  };
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < left.length; row += 1) sum += (left[row] ?? 0) * (right[row] ?? 0);
  return sum;
}

/** `(N + damping diag N) x = slope`, by Gauss and Jordan's elimination with pivots; zeros when it has no solution. */
function solve(normal: readonly Float64Array[], slope: Float64Array, damping: number): Float64Array {
  const size = slope.length;
  const rows = normal.map((row, index) => {
    const extended = new Float64Array(size + 1);
    extended.set(row);
    extended[index] = (row[index] ?? 0) * (1 + damping) + 1e-12;
    extended[size] = slope[index] ?? 0;
    return extended;
  });
  for (let column = 0; column < size; column += 1) {
    if (!bringUpPivot(rows, column)) return new Float64Array(size);
    clearColumn(rows, column);
  }
  return Float64Array.from(rows, (row, index) => (row[size] ?? 0) / (row[index] ?? 1));
}

function bringUpPivot(rows: Float64Array[], column: number): boolean {
  const sizeAt = (row: number): number => Math.abs(rows[row]?.[column] ?? 0);
  let pivot = column;
  for (let row = column + 1; row < rows.length; row += 1) if (sizeAt(row) > sizeAt(pivot)) pivot = row;
  const [chosen, swapped] = [rows[pivot], rows[column]];
  if (!chosen || !swapped || chosen[column] === 0) return false;
  [rows[column], rows[pivot]] = [chosen, swapped];
  return true;
}

function clearColumn(rows: readonly Float64Array[], column: number): void {
  const top = rows[column] ?? new Float64Array();
  for (const [index, row] of rows.entries()) {
    const factor = index === column ? 0 : (row[column] ?? 0) / (top[column] ?? 1);
    if (factor === 0) continue;
    for (let at = column; at < row.length; at += 1) row[at] = (row[at] ?? 0) - factor * (top[at] ?? 0);
  }
}
