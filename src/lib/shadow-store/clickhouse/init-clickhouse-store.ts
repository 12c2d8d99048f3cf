import {InputError, UsageError} from '../../core/index.js';
import {newHeader} from '../files/store-header.js';
import {storeAccess} from './access.js';
import {readInitialized} from './committed-batches.js';
import {parseClickHouseUrl} from './place.js';
import {RowWriter} from './row-binary.js';
import {openSession, type Session} from './session.js';
import {createStatements, insertSql, VERSION_SQL} from './statements.js';

const CLUSTER = /^[A-Za-z0-9_.-]{1,128}$/;

/** Until a server of the cluster that does not answer is told. */
const SERVERS_TAKE_S = '60';

/** What was made. */
export interface InitReport {
  readonly path: string;
  readonly database: string;
  /** Absent for a single server. */
  readonly cluster?: string;
  readonly serverVersion: string;
  /** Whether the store was there already. */
  readonly wasThere: boolean;
}

export interface InitOptions {
  readonly path: string;
  /** Replicated on, and distributed over, the servers of this cluster, as their configuration calls it. */
  readonly cluster?: string | undefined;
  readonly tool: string;
  readonly nowUs: number;
}

/**
 * Makes the database and the tables of a store; where they are already nothing changes. Throws UsageError for another
 * cluster than before, TargetError when a server does not answer or refuses.
 */
export async function initClickHouseStore({path, cluster, ...made}: InitOptions): Promise<InitReport> {
  if (cluster !== undefined && !CLUSTER.test(cluster)) {
    throw new UsageError('bad-cluster', `"${cluster}" cannot be the name of a cluster`, {
      hints: ['the name that it has in remote_servers of the servers'],
    });
  }
  const session = await openSession(parseClickHouseUrl(path), storeAccess());
  try {
    const {database} = session.place;
    const [serverVersion = ''] = await session.rows(VERSION_SQL, (row) => row.text());
    const before = await clusterBefore(session);
    if (before !== undefined && before !== (cluster ?? '')) throw otherCluster(path, before);
    if (before === undefined) await make(session, cluster, made);
    return {
      ...{path, database, serverVersion, wasThere: before !== undefined},
      ...(cluster === undefined ? {} : {cluster}),
    };
  } finally {
    await session.close();
  }
}

/** The cluster that the store was made for; undefined when there is no store. */
async function clusterBefore(session: Session): Promise<string | undefined> {
  try {
    return (await readInitialized(session)).cluster;
  } catch (error) {
    if (error instanceof InputError && error.code === 'no-store') return undefined;
    throw error;
  }
}

function otherCluster(path: string, before: string): UsageError {
  const made = before === '' ? 'without a cluster' : `for cluster ${before}`;
  return new UsageError('other-cluster', `${path} was made ${made}`, {
    hints: [before === '' ? 'leave --cluster out' : `--cluster ${before}`],
  });
}

/** What was made in part before, by a run that was stopped, is passed over. */
async function make(
  session: Session,
  cluster: string | undefined,
  made: Pick<InitOptions, 'tool' | 'nowUs'>,
): Promise<void> {
  const {database} = session.place;
  const settings = cluster === undefined ? {} : {distributed_ddl_task_timeout: SERVERS_TAKE_S};
  for (const statement of createStatements(database, cluster)) await session.command(statement, settings);
  const row = new RowWriter();
  row.text(JSON.stringify(newHeader(made)));
  row.text(cluster ?? '');
  await session.insert(insertSql(database, 'store'), [row.take(true) ?? new Uint8Array(0)]);
}
