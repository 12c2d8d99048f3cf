import path from 'node:path';

import {UsageError} from '../core/index.js';
import {openClickHouseWriter} from './clickhouse/clickhouse-writer.js';
import {openClickHouseStore} from './clickhouse/open-clickhouse-store.js';
import {verifyClickHouseStore} from './clickhouse/verify-clickhouse-store.js';
import {isClickHouseUrl, localNameOf} from './clickhouse/place.js';
import {copyFromClickHouse} from './clickhouse/copy-from-clickhouse.js';
import {copyFromParquet} from './copying/copy-from-parquet.js';
import {openParquetStore, type ShadowStoreLimits} from './reading/open-parquet-store.js';
import type {CopySource, ShadowStore, StoreWriter} from './shadow-store.js';
import {openParquetWriter} from './writing/store-writer.js';
import type {VerifyOptions} from './verifying/verification.js';
import {verifyParquetStore, type VerifyReport} from './verifying/verify-store.js';
import type {StoreWriterOptions} from './writing/writer-state.js';

/** A kind of store: what everything but its upkeep goes through. */
interface StoreKind {
  /** Whether it is what a name names. */
  readonly isNamedBy: (name: string) => boolean;
  readonly openForReading: (name: string, limits: ShadowStoreLimits) => Promise<ShadowStore>;
  readonly openForWriting: (options: StoreWriterOptions) => Promise<StoreWriter>;
  readonly openForCopying: (name: string) => Promise<CopySource>;
  readonly verify: (name: string, options: VerifyOptions) => Promise<VerifyReport>;
}

/** Every kind there is, the first that is named by a name counting; what names no other is a folder. */
export const STORE_KINDS = {
  clickhouse: {
    isNamedBy: isClickHouseUrl,
    openForReading: openClickHouseStore,
    openForWriting: openClickHouseWriter,
    openForCopying: copyFromClickHouse,
    verify: verifyClickHouseStore,
  },
  parquet: {
    isNamedBy: () => true,
    openForReading: openParquetStore,
    openForWriting: openParquetWriter,
    openForCopying: copyFromParquet,
    verify: verifyParquetStore,
  },
} as const satisfies Record<string, StoreKind>;

function kindOf(name: string): StoreKind {
  return Object.values(STORE_KINDS).find(({isNamedBy}) => isNamedBy(name)) ?? STORE_KINDS.parquet;
}

/**
 * Opens a store for reading: the batches that are complete now. Never writes to it. Throws InputError when there is none
 * or it is damaged, TargetError when it cannot be reached.
 */
export async function openShadowStore(name: string, limits: ShadowStoreLimits = {}): Promise<ShadowStore> {
  return kindOf(name).openForReading(name, limits);
}

/** Opens a store for adding batches until it is closed. Throws as the kinds' own functions. */
export async function openStoreWriter(options: StoreWriterOptions): Promise<StoreWriter> {
  return kindOf(options.path).openForWriting(options);
}

/** Opens a store for being copied: the batches that are complete now. Throws as opening it for reading. */
export async function openCopySource(name: string): Promise<CopySource> {
  return kindOf(name).openForCopying(name);
}

/** Checks a store against everything that it says of itself. Throws InputError when there is none. */
export async function verifyStore(name: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  return kindOf(name).verify(name, options);
}

/** How names of files of ours begin that belong to a store and lie beside it: for one on servers, in the working folder. */
export function besideStore(name: string): string {
  return isClickHouseUrl(name) ? localNameOf(name) : path.normalize(name).replace(/[/\\]+$/, '');
}

/** For upkeep of files. Throws UsageError for a store that has none of its own. */
export function refuseServed(name: string, doing: string, instead: string): void {
  if (!isClickHouseUrl(name)) return;
  throw new UsageError(
    'not-for-clickhouse',
    `${doing} is for stores in files, and ${name} is in ClickHouse`,
    {
      hints: [instead],
    },
  );
}
