export * from './shadow-store.js';
export {readParquet} from './engine/read-parquet.js';
export {writeParquet} from './engine/write-parquet.js';
export {type FileOperation} from './files/durable-files.js';
export {
  besideStore,
  openCopySource,
  openShadowStore,
  openStoreWriter,
  refuseServed,
  STORE_KINDS,
  verifyStore,
} from './stores.js';
export {openParquetWriter, type ParquetWriter} from './writing/store-writer.js';
export {type InitReport, initClickHouseStore} from './clickhouse/init-clickhouse-store.js';
export {setStoreAccess} from './clickhouse/access.js';
export {isClickHouseUrl} from './clickhouse/place.js';
export type {StoreWriterOptions} from './writing/writer-state.js';
export {usageLevel} from './usage-level.js';
export type {VerifyReport} from './verifying/verify-store.js';
export type {VerifyProgress} from './verifying/verification.js';
export type {CompactReport} from './writing/compact-store.js';
export type {PruneBound, PruneReport} from './writing/plan-prune.js';
export {previewPrune} from './writing/prune-store.js';
export {chosenVolumes} from './reading/chosen-volumes.js';
