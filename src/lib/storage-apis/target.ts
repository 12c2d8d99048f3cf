import type {HeldLock, LockOwner} from '../core/index.js';

/** Tells one state of a target from another: a target is never twice at the same serial of one lineage. */
export interface TargetVersion {
  /** Random, given when the target's record of buffers was made; empty while there is none yet. */
  readonly lineage: string;
  /** Grows by one with every change; 0 while there is no record. */
  readonly serial: number;
}

/** The buffers that a target holds now. */
export interface Inventory extends TargetVersion {
  /** `file:PATH` */
  readonly target: string;
  /** Bytes held free by host id; a host that is not listed holds none. */
  readonly reserveBytes: ReadonlyMap<string, number>;
  /** The plan that made the last change, where the target remembers it. */
  readonly lastPlanSha256: string | undefined;
}

/** One host's new buffer, and on whose behalf. */
export interface ReserveChange {
  readonly host: string;
  readonly toBytes: number;
  /** Refused with StaleError when the target is no longer there. */
  readonly expected: TargetVersion;
  readonly planSha256: string;
  readonly actor: Actor;
}

/** Who applies a plan, and when: everything that a record of it needs and lib cannot know. */
export interface Actor extends LockOwner {
  /** `foreshadow/0.1.0` */
  readonly tool: string;
  /** The lineage to give to a target that has no record yet: random, at least 64 bits. */
  readonly newLineage: string;
}

/** A storage API that holds remirror buffers: an entry of the registry. Throws TargetError when it does not answer. */
export interface StorageTarget {
  readonly name: string;
  /** What a buffer loses on this target, in words; empty when bytes a host are held exactly. */
  readonly cannotExpress: readonly string[];
  /** Local folder for the journals of the plans applied to it. */
  readonly journalFolder: string;
  readInventory(): Promise<Inventory>;
  /** Throws StaleError that names the holder while somebody else has it. */
  lock(owner: LockOwner): Promise<HeldLock>;
  /** Sets one host's buffer and returns where the target is then. */
  setReserve(change: ReserveChange): Promise<TargetVersion>;
  /** One host's buffer in bytes, read anew from the target. */
  readReserve(host: string): Promise<number>;
}

/** Both name the same state of the same target. */
export function isSameVersion(left: TargetVersion, right: TargetVersion): boolean {
  return left.lineage === right.lineage && left.serial === right.serial;
}
