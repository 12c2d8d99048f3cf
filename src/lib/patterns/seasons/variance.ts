/** The variance of the values that are known, around their mean; 0 of none. */
export function varianceOf(values: Float64Array): number {
  let [count, total, squares] = [0, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count += 1;
    total += value;
    squares += value * value;
  }
  return count === 0 ? 0 : Math.max(0, squares / count - (total / count) ** 2);
}

/** Autocorrelation at lag 1 of values that fluctuate around 0, of the pairs that are known. */
export function lagOneCorrelation(values: Float64Array): number {
  let [products, squares] = [0, 0];
  for (let step = 1; step < values.length; step += 1) {
    const [value, before] = [values[step] ?? 0, values[step - 1] ?? 0];
    if (Number.isNaN(value * before)) continue;
    products += value * before;
    squares += (value * value + before * before) / 2;
  }
  return squares > 0 ? products / squares : 0;
}
