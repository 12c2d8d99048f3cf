/** Who we are at ClickHouse servers, and where on this machine an ingest keeps its state. */
export interface StoreAccess {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** For footprints and the locks of ingest shards; see pack-cache.ts. */
  readonly stateFolder: string;
}

const NOBODY: StoreAccess = {stateFolder: '.foreshadow'};
let access = NOBODY;

/**
 * Says once, before any store is opened, how servers are reached. It is not an argument of whatever opens a store, so
 * that a secret does not travel through every workflow between the command line and here.
 */
export function setStoreAccess(told: StoreAccess = NOBODY): void {
  access = told;
}

export function storeAccess(): StoreAccess {
  return access;
}
