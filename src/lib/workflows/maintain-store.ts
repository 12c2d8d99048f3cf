import {
  type CompactReport,
  openParquetWriter,
  type ParquetWriter,
  previewPrune,
  type PruneBound,
  type PruneReport,
  refuseServed,
} from '../shadow-store/index.js';

/** What writing to a store that is there needs. */
export interface Maintenance {
  readonly storePath: string;
  readonly nowUs: number;
  /** Asked when the merged batch is written, which may be much later. */
  readonly clockUs: () => number;
  /** `foreshadow/0.1.0` */
  readonly tool: string;
  /** How long the files of replaced batches stay for readers that opened the store before. */
  readonly keepOldSeconds: number;
  readonly signal: AbortSignal;
  /** Told what the store had to put right first. */
  readonly onRemark: (text: string) => void;
  readonly onProgress: (progress: {readonly done: number; readonly total: number}) => void;
}

/** Merges batches whose series are smaller than a size. Throws what opening and compacting a store throw. */
export async function compactStore(
  maintenance: Maintenance,
  smallerThanBytes: number,
): Promise<CompactReport> {
  refuseServed(maintenance.storePath, 'compacting', 'nothing is needed: its servers merge by themselves');
  return withWriter(maintenance, (writer) => writer.compact({...maintenance, smallerThanBytes}));
}

/** Removes rows before a time, or tells what would go. Throws what opening and pruning a store throw. */
export async function pruneStore(
  maintenance: Maintenance,
  bound: PruneBound & {readonly isDryRun: boolean},
): Promise<PruneReport> {
  refuseServed(
    maintenance.storePath,
    'pruning',
    'no retention of ours yet: the months of its tables are partitions',
  );
  if (bound.isDryRun) return previewPrune(maintenance.storePath, bound);
  return withWriter(maintenance, (writer) => writer.prune({...maintenance, ...bound}));
}

async function withWriter<T>(
  {storePath: path, nowUs, clockUs, tool, signal, onRemark}: Maintenance,
  use: (writer: ParquetWriter) => Promise<T>,
): Promise<T> {
  const writer = await openParquetWriter({path, nowUs, clockUs, tool, signal, onRemark, mustExist: true});
  try {
    return await use(writer);
  } finally {
    await writer.close();
  }
}
