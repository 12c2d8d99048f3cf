import {InputError, parseArtifact} from '../../core/index.js';
import {type BatchManifest, MANIFEST_KIND} from '../files/batch-manifest.js';
import {parseHeader, type StoreHeader} from '../files/store-header.js';
import type {Session} from './session.js';
import {readWhole} from './wait-for-replicas.js';
import {batchesSql, committedSql, headerSql} from './statements.js';

/** A batch that counts: the rows of one attempt to write it, of which there may be several. */
export interface CommittedBatch {
  readonly manifest: BatchManifest;
  /** A UInt64 in decimal. */
  readonly attempt: string;
  /** The ingest shard that wrote it. */
  readonly shard: string;
}

/** What `store init` wrote. */
export interface InitializedStore {
  readonly header: StoreHeader;
  /** Empty for a single server. */
  readonly cluster: string;
}

/** Throws InputError when there is no store, TargetError when no server answers. */
export async function readInitialized(session: Session): Promise<InitializedStore> {
  const {name, database} = session.place;
  const [found] = await session.rows(headerSql(database), (row) => ({
    header: row.text(),
    cluster: row.text(),
  }));
  if (found === undefined) {
    throw new InputError('no-store', `there is no shadow store at ${name}`, {
      hints: [`foreshadow store init --store ${name}`],
    });
  }
  return {header: parseHeader(found.header, name), cluster: found.cluster};
}

/** Oldest first; of one age by id, so that all readers see the same order. */
export async function readCommitted(session: Session, cluster: string): Promise<readonly CommittedBatch[]> {
  const {database, name} = session.place;
  const found = await readWhole(session, {cluster, tables: 'of every server'}, () =>
    session.rows(batchesSql(database), (row) => ({
      batchId: row.text(),
      attempt: row.id(),
      shard: row.text(),
      text: row.text(),
    })),
  );
  const batches = found.map(({batchId, attempt, shard, text}) => ({
    manifest: parseArtifact(text, `${name}, batch ${batchId}`, MANIFEST_KIND),
    attempt,
    shard,
  }));
  return batches.sort(
    ({manifest: left}, {manifest: right}) =>
      left.sequence - right.sequence || (left.batchId < right.batchId ? -1 : 1),
  );
}

/** The attempt that counts, by batch. */
export async function readCommittedAttempts(
  session: Session,
  cluster: string,
): Promise<ReadonlyMap<string, string>> {
  const rows = await readWhole(session, {cluster, tables: 'of every server'}, () =>
    session.rows(committedSql(session.place.database), (row) => [row.text(), row.id()] as const),
  );
  return new Map(rows);
}
