export type {ClusterSpec} from './cluster-spec.js';
export {BLOCK_BYTES, type Cluster, createCluster} from './create-cluster.js';
export {streamCluster} from './stream-requests.js';
export {TRACE_WRITERS} from './trace-writers.js';
export {
  type FilePiece,
  SYNTH_FORMATS,
  type SynthFormat,
  type Telling,
  writeCluster,
} from './write-cluster.js';
