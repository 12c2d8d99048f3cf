import {type Engine, openEngine} from '../engine/duckdb-engine.js';
import {contentsOf} from '../files/store-contents.js';
import {readingLimits, type ShadowStoreLimits} from '../reading/open-parquet-store.js';
import {readingSide} from '../reading/reading-side.js';
import type {ShadowStore} from '../shadow-store.js';
import {storeAccess} from './access.js';
import {readCommitted, readInitialized} from './committed-batches.js';
import {parseClickHouseUrl} from './place.js';
import {servedSeries} from './series-source.js';
import {openSession} from './session.js';
import {bytesSql} from './statements.js';
import {readWhole} from './wait-for-replicas.js';

/**
 * Opens a store in ClickHouse for reading: the batches that are committed now. Throws InputError when there is none,
 * TargetError when no server answers or what a replica lacks would be missing in the answers.
 */
export async function openClickHouseStore(name: string, limits: ShadowStoreLimits): Promise<ShadowStore> {
  const session = await openSession(parseClickHouseUrl(name), storeAccess());
  try {
    const {header, cluster} = await readInitialized(session);
    const batches = await readCommitted(session, cluster);
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
      {
        name,
        createdAt: header.createdAt,
        guard: (read) => readWhole(session, {cluster, tables: 'of all shards'}, read),
        seriesBytes,
      },
    );
  } catch (error) {
    await session.close();
    throw error;
  }
}
