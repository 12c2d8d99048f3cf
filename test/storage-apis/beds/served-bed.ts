import type {StorageTarget, TargetAccess} from '../../../src/lib/storage-apis/index.js';
import type {Bed} from './bed.js';
import type {FaultyNetwork} from './faulty-network.js';

/** A bed whose API is reached over HTTP, through a network that may fail. */
export interface ServedBed extends Bed {
  readonly network: FaultyNetwork;
  /** How the target is reached, with credentials that are random. */
  readonly access: TargetAccess;
  /** Everything that no output and no file may show. */
  readonly secrets: readonly string[];
  /** The same target, reached otherwise. */
  readonly open: (access: Partial<TargetAccess>) => StorageTarget;
  /** How often a setting of the API really moved. */
  readonly changesMade: () => number;
}
