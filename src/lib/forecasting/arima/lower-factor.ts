/**
 * The lower factor L of a symmetric matrix `LL'` without negative eigenvalues, [size x size] by rows, from its lower half
 * (Cholesky). A direction without variance, but for rounding, gets a column of zeros.
 */
export function lowerFactor(matrix: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let left = matrix[row * size + column] ?? 0;
      for (let inner = 0; inner < column; inner += 1)
        left -= (factor[row * size + inner] ?? 0) * (factor[column * size + inner] ?? 0);
      const pivot = factor[column * size + column] ?? 0;
      if (row !== column) factor[row * size + column] = pivot > 0 ? left / pivot : 0;
      else if (left > 1e-12 * (matrix[row * size + row] ?? 0)) factor[row * size + column] = Math.sqrt(left);
    }
  }
  return factor;
}

/** x of `LL' x = right`, for a factor without zeros on its diagonal. */
export function solveFactored(factor: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const solution = Float64Array.from(right);
  for (let row = 0; row < size; row += 1) {
    let left = solution[row] ?? 0;
    for (let inner = 0; inner < row; inner += 1)
      left -= (factor[row * size + inner] ?? 0) * (solution[inner] ?? 0);
    solution[row] = left / (factor[row * size + row] ?? 1);
  }
  solveTransposed(factor, solution);
  return solution;
}

function solveTransposed(factor: Float64Array, solution: Float64Array): void {
  const size = solution.length;
  for (let row = size - 1; row >= 0; row -= 1) {
    let left = solution[row] ?? 0;
    for (let inner = row + 1; inner < size; inner += 1)
      left -= (factor[inner * size + row] ?? 0) * (solution[inner] ?? 0);
    solution[row] = left / (factor[row * size + row] ?? 1);
  }
}
