import {setTimeout as wait} from 'node:timers/promises';

import {TargetError} from '../../core/index.js';
import type {Session} from './session.js';
import {replicasSql} from './statements.js';

const POLL_MS = 100;
/** A replica that is so far behind is not waited for any longer. */
const PATIENCE_MS = 20_000;
/** A reading that met other replicas each time is given up. */
const MOST_READINGS = 3;

/** How far one replica of one table is. */
interface Replica {
  readonly path: string;
  readonly name: string;
  readonly isCutOff: boolean;
  readonly missing: number;
  readonly oldestMissingS: number;
  readonly newestEntry: number;
  readonly nextEntry: number;
  /** The server's clock when it told this. */
  readonly nowS: number;
}

/** Which tables: those that every server has a replica of, at the server that is asked; or those of all shards. */
type Tables = 'of every server' | 'of all shards';

/**
 * A reading of tables whose replicas have every row that was acknowledged before it, whichever replica took it: else the
 * answer would lack rows without anybody's knowing. It counts when the replicas that it may have gone to were the same
 * before and after it. Throws TargetError when one stays behind, and what the reading throws.
 */
export async function readWhole<T>(
  session: Session,
  {cluster, tables}: {readonly cluster: string; readonly tables: Tables},
  read: () => Promise<T>,
): Promise<T> {
  if (cluster === '') return read();
  const look = async (): Promise<string> => (await waitForReplicas(session, cluster, tables)).join('\n');
  let before = await look();
  for (let reading = 0; reading < MOST_READINGS; reading += 1) {
    const answer = await read();
    const after = await look();
    if (after === before) return answer;
    before = after;
  }
  throw new TargetError('store-refused', `the servers of ${session.place.name} come and go`, {
    hints: ['the same again once they stay'],
  });
}

/** Waits until they have everything; gives their names. */
async function waitForReplicas(
  session: Session,
  cluster: string,
  tables: Tables,
): Promise<readonly string[]> {
  const wanted = new Map<string, number>();
  let sinceS: number | undefined;
  for (let passedMs = 0; ; passedMs += POLL_MS) {
    const replicas = await readReplicas(session, cluster, tables);
    // What was written since does not matter; its place in the log is not known before the first look.
    for (const {path, newestEntry} of replicas) if (!wanted.has(path)) wanted.set(path, newestEntry);
    const firstS = (sinceS ??= Math.max(0, ...replicas.map(({nowS}) => nowS)));
    const behind = replicas.filter((replica) => isBehind(replica, wanted.get(replica.path) ?? 0, firstS));
    if (behind.length === 0) return replicas.map(({path, name}) => `${path} ${name}`).sort();
    if (passedMs >= PATIENCE_MS) throw tooFarBehind(session, behind);
    await wait(POLL_MS);
  }
}

async function readReplicas(session: Session, cluster: string, tables: Tables): Promise<readonly Replica[]> {
  return session.rows(replicasSql(session.place.database, cluster, tables === 'of every server'), (row) => ({
    path: row.text(),
    name: row.text(),
    isCutOff: row.flag(),
    missing: row.unsigned(),
    oldestMissingS: row.unsigned(),
    newestEntry: row.unsigned(),
    nextEntry: row.unsigned(),
    nowS: row.unsigned(),
  }));
}

function isBehind(
  {isCutOff, missing, oldestMissingS, newestEntry, nextEntry}: Replica,
  wantedEntry: number,
  sinceS: number,
): boolean {
  // An empty log and one with a first entry that was not looked at yet look alike, for as long as a look takes.
  const isEmpty = newestEntry === 0 && nextEntry === 0;
  const hasRead = isEmpty || nextEntry > wantedEntry;
  return isCutOff || !hasRead || (missing > 0 && oldestMissingS <= sinceS);
}

function tooFarBehind({place}: Session, behind: readonly Replica[]): TargetError {
  const [first] = behind;
  const what =
    first?.isCutOff === true
      ? 'is cut off from ZooKeeper'
      : `lacks ${first?.missing ?? 0} inserts that others have`;
  return new TargetError(
    'replica-behind',
    `${place.name}: replica ${first?.name ?? ''} of ${first?.path ?? ''} ${what}, so that an answer would not be whole`,
    {hints: ['the same again once its servers are back: nothing is lost']},
  );
}
