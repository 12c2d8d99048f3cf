/** Whole numbers from 0 to `most`, a round step apart; no more than five of them. */
export function countTicks(most: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [0.1, 0.2, 0.5, 1, 2, 5]
    .map((part) => part * power)
    .find((size) => size >= 1 && most / size <= 4);
  return step === undefined
    ? Array.from({length: most + 1}, (_, count) => count)
    : Array.from({length: Math.floor(most / step) + 1}, (_, index) => index * step);
}
