const BARS = '▁▂▃▄▅▆▇█';

/**
 * Bars between the least and the largest value, no more than `most`: a column shows the mean of what is known of its steps,
 * nothing known is a blank.
 */
export function sparkline(values: readonly (number | null)[], most: number): string {
  const columns = Math.min(most, values.length);
  const heights = Array.from({length: columns}, (_, column) => {
    const from = Math.floor((column * values.length) / columns);
    const part = values
      .slice(from, Math.floor(((column + 1) * values.length) / columns))
      .filter((value) => value !== null);
    return part.reduce((total, value) => total + value, 0) / part.length;
  });
  const known = heights.filter((height) => !Number.isNaN(height));
  const [least, highest] = [Math.min(...known), Math.max(...known)];
  return heights
    .map((height) => {
      if (Number.isNaN(height)) return ' ';
      return BARS[
        highest > least ? Math.round(((height - least) / (highest - least)) * (BARS.length - 1)) : 0
      ];
    })
    .join('');
}
