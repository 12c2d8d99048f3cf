import {TargetError} from '../../core/index.js';
import {type Engine, openEngine} from '../engine/duckdb-engine.js';
import {contentsOf} from '../files/store-contents.js';
import {readingLimits, type ShadowStoreLimits} from '../reading/open-parquet-store.js';
import {readingSide} from '../reading/reading-side.js';
import type {ShadowStore} from '../shadow-store.js';
import {storeAccess} from './access.js';
import {readCommitted, readInitialized} from './committed-batches.js';
import {parseClickHouseUrl} from './place.js';
import {servedSeries} from './series-source.js';
import {openSession, type Session} from './session.js';
import {bytesSql} from './statements.js';
import {waitForReplicas} from './wait-for-replicas.js';

/** A reading that met another replica each time is given up. */
const MOST_READINGS = 3;

/**
 * Opens a store in ClickHouse for reading: the batches that are committed now. Throws InputError when there is none,
 * TargetError when no server answers or what a replica lacks would be missing in the answers.
 */
export async function openClickHouseStore(name: string, limits: ShadowStoreLimits): Promise<ShadowStore> {
  const session = await openSession(parseClickHouseUrl(name), storeAccess());
  try {
    const {header, cluster} = await readInitialized(session);
    await waitForReplicas(session, cluster, true);
    const batches = await readCommitted(session);
    const contents = contentsOf(batches.map(({manifest}) => manifest));
    const [seriesBytes = 0] = await session.rows(bytesSql(session.place.database, cluster), (row) =>
      row.double(),
    );
    let opened: Promise<Engine> | undefined;
    const engine = (): Promise<Engine> => (opened ??= openEngine(readingLimits(limits)));
    const source = servedSeries({
      ...{session, engine, attempts: batches.map(({attempt}) => attempt)},
      close: () => {
        void opened?.then((one) => {
          one.close();
        });
        void session.close();
      },
    });
    return readingSide(
      {contents, source, engine},
      {name, createdAt: header.createdAt, guard: guardOf(session, cluster), seriesBytes},
    );
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A reading counts when the replicas that it may have gone to were known to have everything, before and after it. */
function guardOf(session: Session, cluster: string): <T>(read: () => Promise<T>) => Promise<T> {
  let before: string | undefined;
  const look = async (): Promise<string> => (await waitForReplicas(session, cluster, false)).join('\n');
  return async (read) => {
    for (let reading = 0; reading < MOST_READINGS; reading += 1) {
      before ??= await look();
      const answer = await read();
      const after = await look();
      if (after === before) return answer;
      before = after;
    }
    throw new TargetError('store-refused', `the servers of ${session.place.name} come and go`, {
      hints: ['the same again once they stay'],
    });
  };
}
