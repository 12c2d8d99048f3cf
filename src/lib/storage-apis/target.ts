import type {Plan} from '../allocation/index.js';
import type {HeldLock, LockOwner} from '../core/index.js';

/** Tells one state of a target from another. */
export interface TargetVersion {
  /**
   * Which target it is: for one that counts its changes random, given when its record of buffers was made and empty
   * while there is none; else the cluster's own identity.
   */
  readonly lineage: string;
  /** Grows by one with every change of a target that counts them; else 0, and only values tell whether it moved. */
  readonly serial: number;
}

/** Bytes that a setting says; null: a quota that limits nothing. */
export type SettingBytes = number | null;

/** What a target holds now. */
export interface Inventory extends TargetVersion {
  /** `kind:place`, never with credentials. */
  readonly target: string;
  /** Bytes by name of a setting: a host's reserve, a pool's quota. One that is not listed holds 0. */
  readonly settings: ReadonlyMap<string, SettingBytes>;
  /** What these settings hold free by host id of the topology; a host that is not listed holds none. */
  readonly reserveBytes: ReadonlyMap<string, number>;
  /** The plan that made the last change, where the target remembers it. */
  readonly lastPlanSha256: string | undefined;
  /** By host id of the topology, where the target knows: bytes that are used now. */
  readonly usedBytes?: ReadonlyMap<string, number>;
  /** By host id of the topology, where the target knows. */
  readonly capacityBytes?: ReadonlyMap<string, number>;
  /** Why nothing may be given back now, in words: it repairs, a host is down. */
  readonly troubles?: readonly string[];
}

/** What one setting must say so that the plan's buffer is held. */
export interface WantedSetting {
  readonly setting: string;
  /** Host ids of the topology that it holds space on. */
  readonly hosts: readonly string[];
  readonly bytes: SettingBytes;
  /** What the plan says that it holds before; refused as stale when it does not. Absent: whatever it holds. */
  readonly expectedBytes?: SettingBytes;
  /** What it says without any buffer, and again when a failure releases it; absent: 0. */
  readonly baseBytes?: number;
  readonly reason: string;
}

/** A plan in the words of a target. */
export interface Expression {
  readonly wanted: readonly WantedSetting[];
  /** What the plan's buffer loses on this target, in words with numbers. */
  readonly losses: readonly string[];
}

/** One setting's new value, and on whose behalf. */
export interface SettingChange {
  readonly setting: string;
  readonly fromBytes: SettingBytes;
  readonly toBytes: SettingBytes;
  /** Refused with StaleError when the target counts its changes and is no longer there. */
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

/**
 * A storage API that holds remirror buffers: an entry of the registry. Throws TargetError when it does not answer or
 * refuses, StaleError when somebody else changed it, and never tells a secret.
 */
export interface StorageTarget {
  readonly name: string;
  /** How a setting holds space back: bytes kept free, or the most that may be used. */
  readonly holds: 'reserve' | 'quota';
  /** Each change moves its serial by one, so that changes are made one after the other. */
  readonly counts: boolean;
  /** It keeps the space from repairs, too: the buffer must be released when a failure happens. */
  readonly blocksRepair: boolean;
  /** What any buffer loses on this target, in words; empty when bytes a host are held exactly. */
  readonly cannotExpress: readonly string[];
  /** Local folder for the journals of the plans applied to it. */
  readonly journalFolder: string;
  readInventory(): Promise<Inventory>;
  /** What its settings must be for a plan, by what the target is now. */
  express(plan: Plan): Promise<Expression>;
  /** Throws StaleError that names the holder while somebody else has it. */
  lock(owner: LockOwner): Promise<HeldLock>;
  /** Sets one setting and returns where the target is then. One that may be made or not throws OpenTargetError. */
  set(change: SettingChange): Promise<TargetVersion>;
  /** One setting in bytes, read anew from the target. */
  read(setting: string): Promise<SettingBytes>;
}

/** Both name the same state of the same target. */
export function isSameVersion(left: TargetVersion, right: TargetVersion): boolean {
  return left.lineage === right.lineage && left.serial === right.serial;
}

/** What a setting says in an inventory. */
export function settingIn(inventory: Inventory, setting: string): SettingBytes {
  const bytes = inventory.settings.get(setting);
  return bytes === undefined ? 0 : bytes;
}

/** Whether going from one value to the other holds more space back than before. */
export function holdsMore(
  {holds}: Pick<StorageTarget, 'holds'>,
  fromBytes: SettingBytes,
  toBytes: SettingBytes,
): boolean {
  const from = fromBytes ?? Number.POSITIVE_INFINITY;
  const to = toBytes ?? Number.POSITIVE_INFINITY;
  return holds === 'reserve' ? to > from : to < from;
}

/** A setting's value for people. */
export function settingText(bytes: SettingBytes): string {
  return bytes === null ? 'no limit' : `${bytes} bytes`;
}
