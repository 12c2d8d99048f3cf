/** The last values of a stream, in order of size: O(log n) to find, one move of memory to keep. */
export class SortedWindow {
  readonly #ring: Float64Array;
  readonly #sorted: Float64Array;
  #length = 0;
  #next = 0;

  constructor(size: number) {
    this.#ring = new Float64Array(size);
    this.#sorted = new Float64Array(size + 1);
  }

  get length(): number {
    return this.#length;
  }

  /** Takes a value in; the oldest goes when the window is full. */
  push(value: number): void {
    if (this.#length === this.#ring.length) {
      const oldest = this.countBelow(this.#ring[this.#next] ?? 0);
      this.#sorted.copyWithin(oldest, oldest + 1, this.#length);
      this.#length -= 1;
    }
    const at = this.countBelow(value);
    this.#sorted.copyWithin(at + 1, at, this.#length);
    this.#sorted[at] = value;
    this.#length += 1;
    this.#ring[this.#next] = value;
    this.#next = (this.#next + 1) % this.#ring.length;
  }

  countBelow(value: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The value with `rank` others below it; NaN beyond the ends. */
  at(rank: number): number {
    return rank >= 0 && rank < this.#length ? (this.#sorted[rank] ?? Number.NaN) : Number.NaN;
  }

  /** Type 7, as `quantile` in core; NaN of an empty window. */
  quantile(level: number): number {
    const position = (this.#length - 1) * level;
    const [low, high] = [this.at(Math.floor(position)), this.at(Math.ceil(position))];
    return low + (high - low) * (position - Math.floor(position));
  }
}
