export {type ClusterSpec, type Medium} from './cluster-spec.js';
export {BLOCK_BYTES, type Cluster, createCluster, type SynthVolume} from './create-cluster.js';
export {type ClusterEvent, OPS, type RequestBatch} from './request-batch.js';
export {streamCluster} from './stream-requests.js';
export {topologyText} from './topology-text.js';
export {TRACE_WRITERS} from './trace-writers.js';
export {
  type FilePiece,
  SYNTH_FORMATS,
  type SynthFormat,
  type Telling,
  writeCluster,
} from './write-cluster.js';
