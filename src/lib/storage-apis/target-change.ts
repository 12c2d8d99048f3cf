import type {SettingBytes} from './target.js';

/** One change of a setting that a plan, or the undoing of one, makes on a target. */
export interface TargetChange {
  readonly setting: string;
  /** Host ids of the topology that it holds space on. */
  readonly hosts: readonly string[];
  /** Whether it holds more space back than before, or gives some back. */
  readonly action: 'allocate' | 'deallocate';
  readonly fromBytes: SettingBytes;
  readonly toBytes: SettingBytes;
  readonly reason: string;
}

/** A change that was left out, and why. */
export interface WithheldChange extends TargetChange {
  readonly cause: 'mode-off' | 'mode-warn' | 'unsafe-shrink';
  /** In words. */
  readonly because: string;
}
