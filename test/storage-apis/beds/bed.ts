import type {Plan} from '../../../src/lib/allocation/index.js';
import type {StorageTarget} from '../../../src/lib/storage-apis/index.js';

/** A target to test on: real, or a strict stand-in for its API. It is gone when the test ends. */
export interface Bed {
  readonly target: StorageTarget;
  /** Two plans that want different things of at least two settings; the first also where nothing was applied yet. */
  readonly plans: readonly [Plan, Plan];
  /** How often the API was asked to change something, whether it did or not. */
  readonly changesAsked: () => number;
  /** Changes a setting as somebody else would. */
  readonly meddle: (setting: string) => Promise<void>;
}
