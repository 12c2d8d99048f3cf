import {setTimeout as wait} from 'node:timers/promises';

import {TargetError} from '../../core/index.js';
import type {Session} from './session.js';
import {NOW_SQL, replicasSql} from './statements.js';

const POLL_MS = 100;
/** A replica that is so far behind is not waited for any longer. */
const PATIENCE_MS = 20_000;

/** How far one replica of one table is. */
interface Replica {
  readonly path: string;
  readonly name: string;
  readonly isCutOff: boolean;
  readonly missing: number;
  readonly oldestMissingS: number;
  readonly newestEntry: number;
  readonly nextEntry: number;
}

/**
 * Waits until the replicas that queries go to have every row that was acknowledged before now, whichever replica took it:
 * else an answer would lack rows without anybody's knowing. `isLocal`: the tables that every server has a replica of, at
 * the server that is asked; else those of series and footprints, one replica a shard. Gives their names. Throws
 * TargetError when one stays behind.
 */
export async function waitForReplicas(
  session: Session,
  cluster: string,
  isLocal: boolean,
): Promise<readonly string[]> {
  if (cluster === '') return [];
  const [sinceS = 0] = await session.rows(NOW_SQL, (row) => row.unsigned());
  const wanted = new Map<string, number>();
  for (let passedMs = 0; ; passedMs += POLL_MS) {
    const replicas = await readReplicas(session, cluster, isLocal);
    // What was written since does not matter; its place in the log is not known before the first look.
    for (const {path, newestEntry} of replicas) if (!wanted.has(path)) wanted.set(path, newestEntry);
    const behind = replicas.filter((replica) => isBehind(replica, wanted.get(replica.path) ?? 0, sinceS));
    if (behind.length === 0) return replicas.map(({path, name}) => `${path} ${name}`).sort();
    if (passedMs >= PATIENCE_MS) throw tooFarBehind(session, behind);
    await wait(POLL_MS);
  }
}

async function readReplicas(
  session: Session,
  cluster: string,
  isLocal: boolean,
): Promise<readonly Replica[]> {
  return session.rows(replicasSql(session.place.database, cluster, isLocal), (row) => ({
    path: row.text(),
    name: row.text(),
    isCutOff: row.flag(),
    missing: row.unsigned(),
    oldestMissingS: row.unsigned(),
    newestEntry: row.unsigned(),
    nextEntry: row.unsigned(),
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
