import {randomBytes} from 'node:crypto';
import path from 'node:path';

import {
  type HeldLock,
  InputError,
  invariant,
  parseWith,
  StaleError,
  sum,
  TargetError,
  UsageError,
} from '../../core/index.js';
import type {Committed, IngestBatch} from '../../traces/index.js';
import {asTargetError} from '../engine/duckdb-engine.js';
import {type BatchManifest, MANIFEST_KIND} from '../files/batch-manifest.js';
import {createDurableFiles, type DurableFiles} from '../files/durable-files.js';
import {loadFootprint, writeFootprints} from '../files/footprint-pack.js';
import {SCRATCH_FOLDER} from '../files/layout.js';
import {contentsOf, livePacks, type StoreContents} from '../files/store-contents.js';
import {lockStore} from '../files/store-lock.js';
import {dataFiles} from '../files/sweep.js';
import {isThere, refuseOtherSums} from '../copying/copied-batch.js';
import type {CopiedBatch, StoreWriter} from '../shadow-store.js';
import {keepFiles} from '../writing/adopt-batch.js';
import {holderOf, refuseHalfCharacters, refuseRepeats} from '../writing/refuse-batch.js';
import type {ToldRows} from '../writing/row-tally.js';
import {batchIdOf, manifestOf, writeRejects} from '../writing/write-batch.js';
import {type StoreWriterOptions, writtenAtUs} from '../writing/writer-state.js';
import {storeAccess} from './access.js';
import {
  type CommittedBatch,
  readCommitted,
  readCommittedAttempts,
  readInitialized,
} from './committed-batches.js';
import {fetchFile} from './pack-cache.js';
import {localNameOf, parseClickHouseUrl} from './place.js';
import {openSession, type Session} from './session.js';
import {dropFootprintsSql} from './statements.js';
import {readWhole} from './wait-for-replicas.js';
import {type BatchSeries, commitAttempt, type Tallies, writeFiles, writeRows} from './write-attempt.js';

const DEFAULT_SHARD = 'main';
const SHARD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Where a writer works. */
interface Place {
  readonly session: Session;
  readonly cluster: string;
  readonly shard: string;
  /** Of this ingest shard on this machine. */
  readonly folder: string;
  readonly files: DurableFiles;
  readonly lock: HeldLock;
  readonly options: StoreWriterOptions;
}

/** What it knows of the store. */
interface State {
  batches: readonly CommittedBatch[];
  contents: StoreContents;
  /** By batch. */
  shards: ReadonlyMap<string, string>;
}

/**
 * Opens a store in ClickHouse for adding batches. Several may write at a time, each to an ingest shard of its own, whose
 * lock it holds on this machine: a shard is the one that knows which blocks of its volumes were written. Throws
 * InputError when there is no store, StaleError while another writer of the shard is at work, TargetError when no server
 * answers.
 */
export async function openClickHouseWriter(options: StoreWriterOptions): Promise<StoreWriter> {
  const shard = options.shard ?? DEFAULT_SHARD;
  if (!SHARD.test(shard)) {
    throw new UsageError('bad-shard', `"${shard}" cannot be the name of an ingest shard`, {
      hints: ['letters, digits, dots, dashes and underlines, such as host-17'],
    });
  }
  const {stateFolder, ...access} = storeAccess();
  const session = await openSession(parseClickHouseUrl(options.path), {...access, stateFolder});
  try {
    const {cluster} = await readInitialized(session);
    const folder = path.resolve(stateFolder, 'stores', localNameOf(options.path), shard);
    const files = createDurableFiles(options.onFileOperation ?? ((): void => undefined));
    await files.makeFolder(folder);
    const lock = await lockStore(folder, options);
    try {
      const place: Place = {session, cluster, shard, folder, files, lock, options};
      const state = await loadState(place);
      return createWriter(state, place);
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    await session.close();
    throw asTargetError(error, `keep the state of ingest shard ${shard}`);
  }
}

async function loadState(place: Place): Promise<State> {
  const {session, cluster} = place;
  const state = stateOf(await readCommitted(session, cluster));
  await readWhole(session, {cluster, tables: 'of all shards'}, () => fetchPacks(state, place));
  return state;
}

function stateOf(batches: readonly CommittedBatch[]): State {
  return {
    batches,
    contents: contentsOf(batches.map(({manifest}) => manifest)),
    shards: new Map(batches.map(({manifest, shard}) => [manifest.batchId, shard])),
  };
}

/** Brings the live footprints of the shard to this machine, and removes what is no longer one. */
async function fetchPacks({batches, contents}: State, place: Place): Promise<void> {
  const live = livePacks(contents);
  const own = batches.filter(({shard}) => shard === place.shard);
  const wanted = own.flatMap(({attempt, manifest: {footprints: file}}) =>
    file !== undefined && live.has(file.path) ? [{attempt, file}] : [],
  );
  for (const one of wanted) await fetchFile(place.session, place, 'footprints', one);
  const kept = new Set(wanted.map(({file}) => file.path));
  for (const file of await dataFiles(place.folder)) {
    if (!kept.has(file)) await place.files.remove(path.join(place.folder, file));
  }
}

function createWriter(state: State, place: Place): StoreWriter {
  return {
    knownInputs: () => state.contents.inputs,
    knownContents: () => state.contents.known,
    knownRawSha: () => state.contents.rawKeys,
    newestUs: (volume) => state.contents.volumes.get(volume)?.lastUs,
    loadFootprint: (volume) => {
      const saved = state.contents.footprints.get(volume);
      if (saved === undefined) return undefined;
      refuseOtherShard(state, place, volume);
      return loadFootprint(place.folder, volume, saved);
    },
    scratchFolder: path.join(place.folder, SCRATCH_FOLDER),
    commit: (batch) => commit(batch, state, place),
    adopt: (batch) => adopt(batch, state, place),
    close: async () => {
      await place.files.remove(path.join(place.folder, SCRATCH_FOLDER));
      await place.lock.release();
      await place.session.close();
    },
  };
}

async function commit(batch: IngestBatch, state: State, place: Place): Promise<Committed> {
  const batchId = batchIdOf(batch.inputs);
  const known = holderOf(batch.inputs, state.contents.inputs);
  if (known !== undefined || state.contents.batchIds.has(batchId))
    return {batchId: known ?? batchId, minutes: 0};
  refuseHalfCharacters(batch.rows.volumes);
  try {
    await lookAgain(state, place, {batchId, footprints: [...batch.footprints.keys()]});
    if (state.contents.batchIds.has(batchId)) return {batchId, minutes: 0};
    refuseRepeats(batch.inputs, state.contents.inputs);
    const manifest = await add(state, place, {
      series: {volumes: batch.rows.volumes, minutesOf: (names) => batch.rows.rowsOf(names)},
      compose: async ({minutes}) => composeBatch(batch, minutes.told(batch), state, place),
    });
    return {batchId, minutes: sum(manifest.volumes.map(({minutes}) => minutes))};
  } catch (error) {
    throw asTargetError(error, `write batch ${batchId} of ingest shard ${place.shard}`);
  }
}

async function adopt(batch: CopiedBatch, state: State, place: Place): Promise<boolean> {
  const {manifest} = batch;
  if (isThere(manifest, state.contents, place.session.place.name)) return false;
  const footprints = manifest.footprints?.entries.map(({volume}) => volume) ?? [];
  await lookAgain(state, place, {batchId: manifest.batchId, footprints});
  if (isThere(manifest, state.contents, place.session.place.name)) return false;
  await add(state, place, {
    series: {
      volumes: manifest.volumes.map(({name}) => name),
      minutesOf: (names) => batch.rowsOf(60, names),
      hoursOf: (names) => batch.rowsOf(3600, names),
    },
    compose: async ({hours}) => {
      refuseOtherSums(manifest, hours.sums());
      const target = {...place, storePath: place.folder};
      const kept = await keepFiles(batch, target);
      return {...kept, sequence: nextSequence(state), series: []};
    },
  });
  return true;
}

/** What others committed since: no harm, unless it is of this shard or of a volume whose footprint is about to change. */
async function lookAgain(
  state: State,
  place: Place,
  {batchId: own, footprints}: {readonly batchId: string; readonly footprints: readonly string[]},
): Promise<void> {
  const {session, cluster} = place;
  const attempts = await readCommittedAttempts(session, cluster);
  if ([...attempts.keys()].every((batchId) => state.contents.batchIds.has(batchId))) return;
  const before = state.contents.batchIds;
  const now = stateOf(await readCommitted(session, cluster));
  const fresh = now.batches.filter(({manifest}) => !before.has(manifest.batchId));
  const other = fresh.find(({manifest, shard}) => shard === place.shard && manifest.batchId !== own);
  if (other !== undefined) {
    throw new StaleError(
      'shard-changed',
      `another writer added batch ${other.manifest.batchId} to ingest shard ${place.shard} meanwhile`,
      {
        hints: [
          'ingest the same again: what is there already is left out',
          'one machine, or a shared --state, for a shard',
        ],
      },
    );
  }
  Object.assign(state, now);
  for (const volume of footprints) refuseOtherShard(state, place, volume);
}

/** Only the shard that knows which blocks of a volume were written can tell growth. */
function refuseOtherShard({batches, contents, shards}: State, {shard}: Place, volume: string): void {
  const place = contents.footprints.get(volume);
  if (place === undefined) return;
  const holder = batches.find(({manifest}) => manifest.footprints?.path === place.path);
  const owner = shards.get(holder?.manifest.batchId ?? '') ?? shard;
  if (owner === shard) return;
  throw new InputError(
    'other-shard',
    `volume ${JSON.stringify(volume)} is of ingest shard ${owner}, not ${shard}`,
    {
      hints: [`--shard ${owner}`, 'give each volume to one shard for good'],
    },
  );
}

/** A batch to be added: its rows, and the manifest that is made of what was told of them. */
interface Addition {
  readonly series: BatchSeries;
  readonly compose: (told: Tallies) => Promise<BatchManifest>;
}

/**
 * Writes a batch under an attempt, and commits that. When a server goes in the midst, all begins anew at the next one with
 * another attempt, so that rows of which nobody knows whether they are there never count.
 */
async function add(state: State, place: Place, {series, compose}: Addition): Promise<BatchManifest> {
  const {session, shard, options} = place;
  for (let turn = 1; ; turn += 1) {
    const attempt = String(randomBytes(8).readBigUInt64LE());
    try {
      const told = await writeRows(session, series, attempt, options.signal);
      const manifest = await compose(told);
      await writeFiles(session, place.folder, attempt, manifest);
      options.signal?.throwIfAborted();
      const checked = parseWith(MANIFEST_KIND.schema, manifest, session.place.name);
      await commitSurely(place, checked, attempt);
      await noteBatch(state, place, {manifest: checked, attempt, shard});
      return checked;
    } catch (error) {
      if (turn >= session.servers || !(error instanceof TargetError)) throw error;
      options.onRemark?.(`${error.message}; once more at the next server`);
      session.turn();
    }
  }
}

/** An answer may be lost of a commit that happened: committing again does no harm. */
async function commitSurely(place: Place, manifest: BatchManifest, attempt: string): Promise<void> {
  const {session, shard} = place;
  for (let turn = 1; ; turn += 1) {
    try {
      await commitAttempt(session, manifest, {attempt, shard});
      return;
    } catch (error) {
      if (turn >= 2 * session.servers || !(error instanceof TargetError)) throw error;
      session.turn();
    }
  }
}

async function noteBatch(state: State, place: Place, batch: CommittedBatch): Promise<void> {
  const before = livePacks(state.contents);
  Object.assign(state, stateOf([...state.batches, batch]));
  const now = livePacks(state.contents);
  for (const {attempt, shard, manifest} of state.batches) {
    const pack = manifest.footprints?.path;
    if (pack === undefined || !before.has(pack) || now.has(pack) || shard !== place.shard) continue;
    await place.files.remove(path.join(place.folder, pack));
    await dropFootprints(place, attempt);
  }
}

/** Nothing needs them any more: where that fails they only take space. */
async function dropFootprints({session, cluster, options}: Place, attempt: string): Promise<void> {
  const settings = cluster === '' ? {} : {distributed_ddl_task_timeout: '0'};
  try {
    await session.command(dropFootprintsSql(session.place.database, cluster, attempt), settings);
  } catch (error) {
    invariant(error instanceof Error, 'errors are thrown');
    options.onRemark?.(`old footprints of attempt ${attempt} stay: ${error.message}`);
  }
}

function nextSequence({contents}: Pick<State, 'contents'>): number {
  return contents.manifests.reduce((most, {sequence}) => Math.max(most, sequence), 0) + 1;
}

async function composeBatch(
  batch: IngestBatch,
  told: ToldRows,
  {batches, contents}: State,
  place: Place,
): Promise<BatchManifest> {
  const {folder, files, shard, options} = place;
  const target = {storePath: folder, batchId: batchIdOf(batch.inputs), files};
  const own = batches.filter((one) => one.shard === shard);
  const packs = own.flatMap(({manifest}) => manifest.footprints ?? []);
  const ownPaths = new Set(packs.map((pack) => pack.path));
  const newest = new Map([...contents.footprints].filter(([, {path: pack}]) => ownPaths.has(pack)));
  return manifestOf(batch, {
    ...told,
    ...{tool: options.tool, nowUs: writtenAtUs(options)},
    sequence: nextSequence({contents}),
    series: [],
    rejects: await writeRejects(batch.rejects, target),
    footprints: await writeFootprints(target, batch.footprints, {newest, packs}),
  });
}
