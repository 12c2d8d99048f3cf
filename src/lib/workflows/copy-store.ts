import {UsageError} from '../core/index.js';
import {openCopySource, openStoreWriter} from '../shadow-store/index.js';

export interface CopyRequest {
  readonly from: string;
  readonly to: string;
  /** See StoreWriterOptions. */
  readonly shard: string | undefined;
  readonly nowUs: number;
  readonly clockUs: () => number;
  /** `foreshadow/0.1.0` */
  readonly tool: string;
  readonly signal: AbortSignal;
  readonly onRemark: (text: string) => void;
  readonly onProgress: (progress: {readonly done: number; readonly total: number}) => void;
}

/** What a copy did. */
export interface CopyReport {
  readonly from: string;
  readonly to: string;
  readonly batches: number;
  readonly copied: number;
  readonly alreadyThere: number;
}

/**
 * Copies the batches of a store into another, of whatever kind, one after the other: stopped anywhere, the same again
 * goes on after the last that was copied. Rows, footprints, rejected rows, and what is known of inputs are then the same in
 * both. Throws UsageError for a copy into itself, and what opening, reading and writing them throws.
 */
export async function copyStore({from, to, ...made}: CopyRequest): Promise<CopyReport> {
  if (from === to) throw new UsageError('same-store', `${from} would be copied into itself`);
  const source = await openCopySource(from);
  try {
    const writer = await openStoreWriter({path: to, ...made});
    try {
      const total = source.batches.length;
      let copied = 0;
      for (const [done, batch] of source.batches.entries()) {
        made.signal.throwIfAborted();
        made.onProgress({done, total});
        if (await writer.adopt(batch)) copied += 1;
      }
      return {from, to, batches: total, copied, alreadyThere: total - copied};
    } finally {
      await writer.close();
    }
  } finally {
    source.close();
  }
}
