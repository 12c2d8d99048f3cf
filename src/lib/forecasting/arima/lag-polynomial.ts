/** `1 - sum c(i) B^lag(i)` in the back-shift B, with only the lags that are there, in rising order. */
export interface LagPolynomial {
  readonly lags: readonly number[];
  readonly coefficients: readonly number[];
}

/** The product of two polynomials. */
export function multiplied(left: LagPolynomial, right: LagPolynomial): LagPolynomial {
  const sums = new Map<number, number>();
  const add = (lag: number, value: number): void => {
    sums.set(lag, (sums.get(lag) ?? 0) + value);
  };
  for (const [index, lag] of left.lags.entries()) add(lag, left.coefficients[index] ?? 0);
  for (const [index, lag] of right.lags.entries()) add(lag, right.coefficients[index] ?? 0);
  for (const [i, first] of left.lags.entries()) {
    for (const [j, second] of right.lags.entries())
      add(first + second, -(left.coefficients[i] ?? 0) * (right.coefficients[j] ?? 0));
  }
  const sorted = [...sums].sort(([one], [other]) => one - other);
  return {lags: sorted.map(([lag]) => lag), coefficients: sorted.map(([, value]) => value)};
}

/** `1 - c(1) B^m - c(2) B^2m ...` */
export function everyLag(coefficients: readonly number[], lagSteps = 1): LagPolynomial {
  return {lags: coefficients.map((_, index) => (index + 1) * lagSteps), coefficients};
}

/** `(1 - B)^d (1 - B^m)^D` */
export function differencing(d: number, seasonalD: number, seasonSteps: number): LagPolynomial {
  const factors = [
    ...Array.from({length: d}, () => everyLag([1])),
    ...Array.from({length: seasonalD}, () => everyLag([1], seasonSteps)),
  ];
  return factors.reduce(multiplied, {lags: [], coefficients: []});
}

/** What is left of the values, shorter by the longest lag. */
export function applied({lags, coefficients}: LagPolynomial, values: Float64Array): Float64Array {
  const lost = lags.at(-1) ?? 0;
  return Float64Array.from({length: Math.max(0, values.length - lost)}, (_, index) => {
    let value = values[index + lost] ?? 0;
    for (const [at, lag] of lags.entries())
      value -= (coefficients[at] ?? 0) * (values[index + lost - lag] ?? 0);
    return value;
  });
}

/** Divides values by a polynomial, in place: `x(t) + sum c(i) x(t - lag(i))` with zeros for what was before them. */
export function divideBy(values: Float64Array, {lags, coefficients}: LagPolynomial): void {
  const [places, weights] = [Int32Array.from(lags), Float64Array.from(coefficients)];
  for (let step = places[0] ?? values.length; step < values.length; step += 1) {
    let value = values[step] ?? 0;
    for (let index = 0; index < places.length; index += 1) {
      const at = step - (places[index] ?? 0);
      if (at < 0) break;
      value += (weights[index] ?? 0) * (values[at] ?? 0);
    }
    values[step] = value;
  }
}
