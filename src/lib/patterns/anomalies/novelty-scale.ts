import {SortedWindow} from './sorted-window.js';
import {LEAST_PAST, tailSurprise} from './tail-surprise.js';

/** What is compared: the last `blocks` means of `rowsPerBlock` values each. */
export interface NoveltyScale {
  readonly blocks: number;
  readonly rowsPerBlock: number;
}

/** So many past stretches are looked through, and so many of their distances remembered. */
const PAST_STRETCHES = 3000;
const PAST_DISTANCES = 4096;
/** The distance is the mean to so many of the closest. */
const NEIGHBOURS = 3;
/** Distances below this share of the values' range are rounding. */
const RESOLUTION = 1e-9;

/**
 * How new the last stretch of a stream is: its distance to the most similar stretches of the past (k nearest neighbours, as in
 * Burnaev and Ishimtsev 2016), judged against the distances that were usual before. Stretches that overlap the last are left out.
 */
export class StretchNovelty {
  readonly #scale: NoveltyScale;
  /** Means of blocks, the oldest given up in one move when the array is full. */
  readonly #means = new Float64Array(2 * (PAST_STRETCHES + 1));
  readonly #distances = new SortedWindow(PAST_DISTANCES);
  readonly #nearest = new Float64Array(NEIGHBOURS);
  #length = 0;
  #sum = 0;
  #rows = 0;
  #least = Infinity;
  #most = -Infinity;
  #surprise = 0;

  constructor(scale: NoveltyScale) {
    this.#scale = scale;
  }

  /** Whether enough is known to be surprised by anything. */
  get isReady(): boolean {
    return this.#distances.length >= LEAST_PAST;
  }

  /** Takes a value in. Gives −log10 of how rare a stretch as new as the last is; it changes at the end of each block. */
  push(value: number): number {
    this.#sum += value;
    this.#rows += 1;
    this.#least = Math.min(this.#least, value);
    this.#most = Math.max(this.#most, value);
    if (this.#rows === this.#scale.rowsPerBlock) this.#endBlock();
    return this.#surprise;
  }

  #endBlock(): void {
    if (this.#length === this.#means.length) {
      this.#means.copyWithin(0, this.#length - PAST_STRETCHES, this.#length);
      this.#length = PAST_STRETCHES;
    }
    this.#means[this.#length] = this.#sum / this.#rows;
    this.#length += 1;
    this.#sum = 0;
    this.#rows = 0;
    if (this.#length < 3 * this.#scale.blocks + 10 * NEIGHBOURS) return;
    const distance = this.#distance();
    this.#surprise = tailSurprise(this.#distances, distance);
    this.#distances.push(distance);
  }

  /** Mean of the root mean square distances to the nearest past stretches. */
  #distance(): number {
    const {blocks} = this.#scale;
    const [means, nearest, end] = [this.#means, this.#nearest, this.#length - 1];
    nearest.fill(Infinity);
    for (let past = Math.max(blocks - 1, end + 1 - PAST_STRETCHES); past <= end - blocks; past += 1) {
      const limit = nearest[NEIGHBOURS - 1] ?? 0;
      let squares = 0;
      for (let back = 0; back < blocks && squares < limit; back += 1)
        squares += ((means[end - back] ?? 0) - (means[past - back] ?? 0)) ** 2;
      if (squares < limit) insert(nearest, squares);
    }
    const distance = nearest.reduce((total, squares) => total + Math.sqrt(squares / blocks), 0) / NEIGHBOURS;
    return distance > RESOLUTION * (this.#most - this.#least) ? distance : 0;
  }
}

/** Puts a value into a sorted array; the largest goes. */
function insert(sorted: Float64Array, value: number): void {
  let at = sorted.length - 1;
  for (; at > 0 && (sorted[at - 1] ?? 0) > value; at -= 1) sorted[at] = sorted[at - 1] ?? 0;
  sorted[at] = value;
}
