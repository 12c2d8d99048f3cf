/** The candidate that a typing error most likely meant: at most a third of its letters differ; undefined for none. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.floor(Math.max(name.length, 3) / 3) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

/** Changes, insertions, removals and swaps of neighbours (optimal string alignment), row by row. */
function editDistance(left: string, right: string): number {
  let [before, above]: [readonly number[], readonly number[]] = [
    [],
    Array.from({length: right.length + 1}, (_, column) => column),
  ];
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const change = (above[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      const isSwap = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      // In the first row and column there is nothing to swap with: no distance is known there.
      const swap = isSwap ? (before[column - 2] ?? Infinity) + 1 : Infinity;
      current.push(Math.min(change, swap, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    [before, above] = [above, current];
  }
  return above.at(-1) ?? 0;
}
