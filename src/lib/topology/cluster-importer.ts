import type {Diagnostic} from '../core/index.js';
import type {RawTopology} from './raw-topology.js';

/** A JSON document, and where it came from: a path, or the command that printed it. */
export interface JsonDocument {
  readonly source: string;
  readonly value: unknown;
}

/** What one replica of a volume held at a time. */
export interface VolumeSample {
  readonly volume: string;
  readonly usedBytes: number;
  readonly provisionedBytes?: number;
}

/** Something in a live cluster that its topology cannot say, or that keeps it from re-mirroring by itself. */
export interface ImportFinding extends Diagnostic {
  /** What it is about: a pool, a boundary, a setting. */
  readonly at: string;
  /** The document that says so. */
  readonly place: string;
  readonly advice: string;
}

/** What dumps of a live cluster tell. */
export interface ImportedCluster {
  readonly raw: RawTopology;
  /** One a volume. */
  readonly samples: readonly VolumeSample[];
  /** When the dumps were taken, where they say so. */
  readonly sampledAtUs: number | undefined;
  readonly findings: readonly ImportFinding[];
}

/** What a person may say about a cluster that its dumps do not. */
export interface ClusterImportOptions {
  /** Boundary kind by the key of a label of hosts, e.g. `example.com/rack` -> `rack`; for those whose hosts have labels. */
  readonly kindOfLabel?: ReadonlyMap<string, string>;
}

/** One way of making a topology of what a live cluster says about itself: an entry of the registry. */
export interface ClusterImporter {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** Throws InputError when a document is missing or is not what it seems; the rest are findings. */
  read(documents: readonly JsonDocument[], options?: ClusterImportOptions): ImportedCluster;
}
