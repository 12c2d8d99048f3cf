/** A place for replicas: a resource host, or one of its devices where they are listed. */
export interface Host {
  /** The host's name, or `host/device`. */
  readonly id: string;
  /** The host that this device is part of: no two replicas of a volume share one. Absent: the host as a whole. */
  readonly partOf?: string;
  /** Device class, such as `ssd`. */
  readonly tier?: string;
  readonly capacityBytes: number;
  /** Bytes used by anything that is not a listed volume's replica. */
  readonly otherUsedBytes: number;
  /** Label kind -> the values the host has, e.g. rack -> [r1], feed -> [a, b]. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

/** Hosts that fail together. `hosts` are indices into Topology.hosts, rising; k-of-n supplies are already resolved. */
export interface RiskBoundary {
  /** `kind/name`, e.g. `rack/r1`. */
  readonly id: string;
  readonly kind: string;
  readonly hosts: readonly number[];
  /** Hosts attached to it, whether or not its loss alone fails them (k-of-n); absent: the same as hosts. */
  readonly members?: readonly number[];
}

/** A mirrored block device. */
export interface Volume {
  readonly id: string;
  /** Indices into Topology.hosts, one a replica. */
  readonly replicas: readonly number[];
  /** Boundary kinds that no two replicas may share; two replicas never share a host, listed or not. */
  readonly antiAffinity: readonly string[];
  /** Its replicas lie on hosts of this tier only; absent: on any. */
  readonly tier?: string;
  readonly provisionedBytes: number | undefined;
  /** As stated in the topology file; the shadow store knows better where it has the volume. */
  readonly usedBytes: number | undefined;
}

/** The hosts lost together: each boundary by default, and the combinations that the user names. */
export interface FailureScenario {
  /** The boundary's id, or the user's name. */
  readonly id: string;
  /** Boundary ids that fail together. */
  readonly boundaries: readonly string[];
  /** Indices of the hosts lost, rising. A host fed k-of-n can be in a combination though in none of its boundaries. */
  readonly hosts: readonly number[];
}

/** A topology with every name resolved. Ids are unique a list. */
export interface Topology {
  /** SHA-256 of the canonical content: changes when anything in it changes. */
  readonly serial: string;
  /** The share of a host's capacity that may be filled, e.g. 0.9. */
  readonly fillLimit: number;
  /** Bytes a second that one host takes while it re-creates replicas, beside what it serves; absent: not stated. */
  readonly recoveryBytesPerSecond?: number;
  /** How much foreseen growth and access count, against each other, for which volumes come first when space is scarce. */
  readonly priority?: {readonly growth: number; readonly access: number};
  readonly hosts: readonly Host[];
  readonly boundaries: readonly RiskBoundary[];
  readonly volumes: readonly Volume[];
  readonly scenarios: readonly FailureScenario[];
}
