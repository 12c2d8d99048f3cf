import {sum} from '../core/index.js';
import type {ActivitySums} from './aggregation/activity-sums.js';
import type {ReadInput} from './input-reading.js';
import type {InputReader, ReadProgress} from './read-input.js';

/** An input that can be read, and a time before which it has no rows, in epoch us, as far as its beginning tells. */
export interface PendingInput {
  readonly fromUs: number;
  readonly open: () => Promise<InputReader>;
}

interface Merging {
  readonly sums: ActivitySums;
  /** So many inputs are read at a time; 64 where nothing is said. */
  readonly mostOpen?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
}

/** Each open input takes a file descriptor and buffers of about 1 MB. */
const MOST_OPEN = 64;

/**
 * Reads inputs to their ends side by side, always on with the one that is the furthest behind in time, so that what is
 * split over several files comes as if it were one, whatever their order. Returns what was read, in the order of
 * `pending`. Where more inputs go on at once than can be open, some are read after others: then rows may be late.
 * Throws what reading throws.
 */
export async function mergeInputs(
  pending: readonly PendingInput[],
  merging: Merging,
): Promise<readonly ReadInput[]> {
  const merge = new Merge(pending, merging);
  try {
    for (let input = await merge.next(); input !== undefined; input = await merge.next()) {
      merging.signal?.throwIfAborted();
      await merge.readOn(input);
    }
    return merge.results;
  } finally {
    await merge.close();
  }
}

interface OpenInput {
  readonly reader: InputReader;
  /** Where it stands in the list. */
  readonly place: number;
  /** No row before this comes any more, unless it is late. */
  fromUs: number;
}

class Merge {
  readonly results: ReadInput[] = [];
  private readonly merging: Merging;
  /** By time. */
  private readonly waiting: {readonly input: PendingInput; readonly place: number}[];
  private readonly inputs: number;
  private open: OpenInput[] = [];
  /** Of the inputs that are done. */
  private readonly done = {inputs: 0, sizeBytes: 0, lines: 0};

  constructor(pending: readonly PendingInput[], merging: Merging) {
    this.merging = merging;
    this.inputs = pending.length;
    this.waiting = pending.map((input, place) => ({input, place}));
    this.waiting.sort((left, right) => left.input.fromUs - right.input.fromUs);
  }

  /** The open input that is the furthest behind, when all are open that may be further behind. */
  async next(): Promise<OpenInput | undefined> {
    const {mostOpen = MOST_OPEN} = this.merging;
    for (;;) {
      const behind = furthestBehind(this.open);
      const [first] = this.waiting;
      const isAhead = behind !== undefined && first !== undefined && first.input.fromUs > behind.fromUs;
      if (first === undefined || isAhead || this.open.length >= mostOpen) return behind;
      this.waiting.shift();
      const {input, place} = first;
      this.open.push({reader: await input.open(), place, fromUs: input.fromUs});
    }
  }

  async readOn(input: OpenInput): Promise<void> {
    const {reader} = input;
    const {sums, onProgress} = this.merging;
    const others = this.open.filter((other) => other !== input).map(({fromUs}) => fromUs);
    const othersUs = Math.min(...others, this.waiting[0]?.input.fromUs ?? Infinity);
    sums.openFromUs = () => Math.min(othersUs, reader.atUs - reader.skewUs);
    const goesOn = await reader.next();
    input.fromUs = reader.atUs - reader.skewUs;
    if (!goesOn) await this.end(input);
    onProgress?.(this.progress(reader.name));
  }

  async close(): Promise<void> {
    for (const {reader} of this.open) await reader.close();
  }

  private async end(input: OpenInput): Promise<void> {
    const {reader, place} = input;
    this.results[place] = reader.result();
    this.open = this.open.filter((other) => other !== input);
    this.done.inputs += 1;
    this.done.sizeBytes += reader.sizeBytes;
    this.done.lines += reader.lines;
    await reader.close();
  }

  private progress(name: string): ReadProgress {
    const {done, inputs, open} = this;
    return {
      name,
      inputs,
      inputsDone: done.inputs,
      sizeBytes: done.sizeBytes + sum(open.map(({reader}) => reader.sizeBytes)),
      lines: done.lines + sum(open.map(({reader}) => reader.lines)),
    };
  }
}

function furthestBehind(open: readonly OpenInput[]): OpenInput | undefined {
  return open.reduce<OpenInput | undefined>(
    (least, input) => (least === undefined || input.fromUs < least.fromUs ? input : least),
    undefined,
  );
}
