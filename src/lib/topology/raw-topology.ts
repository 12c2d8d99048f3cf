import type {Diagnostic} from '../core/index.js';

/** A value as it was written, and where: `file:line`. */
export interface Located {
  readonly at: string;
  readonly text: string;
}

/** A label kind or a field that holds several names. */
export interface LocatedList {
  readonly at: string;
  readonly values: readonly Located[];
}

/** Something with space: a device, or a host whose devices are not told apart. */
export interface RawDevice {
  readonly at: string;
  readonly id: Located | undefined;
  readonly capacity: Located | undefined;
  readonly otherUsed: Located | undefined;
  readonly tier: Located | undefined;
}

export interface RawHost extends RawDevice {
  /** Empty: the host is one place. Otherwise it has no capacity of its own; its tier is that of devices without one. */
  readonly devices: readonly RawDevice[];
  readonly labels: readonly {readonly kind: Located; readonly values: readonly Located[]}[];
}

/** Without `id`: one boundary for each label value of the kind. With it: the hosts listed. */
export interface RawBoundary {
  readonly at: string;
  readonly kind: Located | undefined;
  readonly needs: Located | undefined;
  readonly id: Located | undefined;
  readonly hosts: LocatedList | undefined;
}

export interface RawScenario {
  readonly at: string;
  readonly id: Located | undefined;
  readonly fails: LocatedList | undefined;
}

export interface RawVolume {
  readonly at: string;
  readonly id: Located | undefined;
  readonly replicas: LocatedList | undefined;
  readonly antiAffinity: LocatedList | undefined;
  readonly tier: Located | undefined;
  readonly provisioned: Located | undefined;
  readonly used: Located | undefined;
}

/** A topology as an importer finds it: names not yet resolved, quantities not yet read. */
export interface RawTopology {
  /** The path, for messages. */
  readonly source: string;
  readonly fillLimit: Located | undefined;
  readonly hostBoundaries: Located | undefined;
  readonly recoveryRate?: Located | undefined;
  /** Weights for when space is scarce; one that is not stated counts 0 where the other is. */
  readonly priorityGrowth?: Located | undefined;
  readonly priorityAccess?: Located | undefined;
  readonly hosts: readonly RawHost[];
  /** Undefined: not stated, so that every label kind is a boundary kind. */
  readonly boundaries: readonly RawBoundary[] | undefined;
  readonly scenarios: readonly RawScenario[];
  readonly volumes: readonly RawVolume[];
  /** What the importer found wrong with the form: unknown keys, wrong shapes. */
  readonly faults: readonly Diagnostic[];
}

/** One way of reading a topology: an entry of the registry. */
export interface TopologyImporter {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** Whether the path looks like one of its own. */
  accepts(path: string, isFolder: boolean): boolean;
  /** Throws InputError when there is nothing to read at all; all other faults are collected. */
  read(path: string): Promise<RawTopology>;
}
