import {activityRowsOf} from '../copying/copied-batch.js';
import {SERIES_COLUMNS} from '../engine/series-sql.js';
import {contentsOf, livePacks} from '../files/store-contents.js';
import type {CopySource} from '../shadow-store.js';
import {storeAccess} from './access.js';
import {readCommitted, readInitialized} from './committed-batches.js';
import {readFile} from './pack-cache.js';
import {parseClickHouseUrl} from './place.js';
import {openSession} from './session.js';
import {exportSql} from './statements.js';
import {readWhole} from './wait-for-replicas.js';

/** Opens a store in ClickHouse for being copied. Throws as opening it for reading. */
export async function copyFromClickHouse(name: string): Promise<CopySource> {
  const session = await openSession(parseClickHouseUrl(name), storeAccess());
  try {
    const {cluster} = await readInitialized(session);
    const batches = await readCommitted(session, cluster);
    const packs = livePacks(contentsOf(batches.map(({manifest}) => manifest)));
    const whole = <T>(read: () => Promise<T>): Promise<T> =>
      readWhole(session, {cluster, tables: 'of all shards'}, read);
    return {
      batches: batches.map(({manifest, attempt}) => ({
        manifest,
        rowsOf: async (stored, volumes) => {
          if (volumes.length === 0) return activityRowsOf(volumes, []);
          const positions = new Map(volumes.map((volume, position) => [volume, position]));
          const choice = {
            ...{database: session.place.database, attempts: [attempt], stored, volumes},
            fromUs: Number.MIN_SAFE_INTEGER,
            toUs: Number.MAX_SAFE_INTEGER,
          };
          const rows = await whole(() =>
            session.rows(exportSql(choice), (row) => ({
              position: positions.get(row.text()) ?? 0,
              startUs: row.signed(),
              values: SERIES_COLUMNS.slice(2).map(() => row.double()),
            })),
          );
          return activityRowsOf(volumes, rows);
        },
        fileOf: async (kind) => {
          const file = manifest[kind];
          const isNeeded = file !== undefined && (kind === 'rejects' || packs.has(file.path));
          return isNeeded ? whole(() => readFile(session, kind, attempt, file)) : undefined;
        },
      })),
      close: () => {
        void session.close();
      },
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}
