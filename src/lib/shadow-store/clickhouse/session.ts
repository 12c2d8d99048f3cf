import {Readable} from 'node:stream';
import {text} from 'node:stream/consumers';

import type * as clickhouse from '@clickhouse/client';

import {errorText, InputError, TargetError, ToolError, UsageError} from '../../core/index.js';
import type {StoreAccess} from './access.js';
import type {ClickHousePlace} from './place.js';
import {readRows, type RowReader} from './row-binary.js';

const REQUEST_MS = 300_000;
/** Each server is asked so often before a query is given up. */
const ROUNDS = 2;
/** Names of thousands of volumes and ids of thousands of batches make a query long. */
const LONG_QUERY: clickhouse.ClickHouseSettings = {
  max_query_size: '268435456',
  max_ast_elements: '50000000',
  max_expanded_ast_elements: '50000000',
};
const READ_SETTINGS: clickhouse.ClickHouseSettings = {
  ...LONG_QUERY,
  // A status tells then whether all of the answer is right: else an error would come in the midst of it.
  wait_end_of_query: 1,
  // The replicas that were found to have everything (see wait-for-replicas.ts) are those that are asked.
  load_balancing: 'in_order',
};
const WRITE_SETTINGS: clickhouse.ClickHouseSettings = {
  insert_distributed_sync: 1,
  load_balancing: 'in_order',
};
/** Codes of ClickHouse's ErrorCodes.cpp. */
const NO_STORE = ['60', '81'];
const NO_ENTRY = ['192', '193', '194', '195', '291', '497', '516'];
/** Another server may do it: it, or one that it asked, was gone in the midst, or cannot write. */
const ELSEWHERE = [
  '3',
  '32',
  '101',
  '102',
  '198',
  '203',
  '209',
  '210',
  '225',
  '236',
  '242',
  '244',
  '279',
  '319',
  '999',
];

/** Servers that a store can be reached through. */
export interface Session {
  readonly place: ClickHousePlace;
  /** All rows of an answer; asks another server when one fails. */
  rows<T>(sql: string, decode: (row: RowReader) => T): Promise<readonly T[]>;
  /** A statement without an answer. */
  command(sql: string, settings?: Readonly<Record<string, string>>): Promise<void>;
  /** Adds what is in the chunks, at one server: what of it is there after a failure is not known. */
  insert(sql: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** The next insert goes to another server. */
  turn(): void;
  readonly servers: number;
  close(): Promise<void>;
}

/** Opens a session; nothing is asked yet. Throws UsageError when a password would be readable on its way. */
export async function openSession(place: ClickHousePlace, access: StoreAccess): Promise<Session> {
  const {user = 'default', password = ''} = access;
  if (password !== '' && !place.isPrivate) {
    throw new UsageError(
      'password-unencrypted',
      `the password would go unencrypted to ${place.urls.join(', ')}`,
      {
        hints: ['add ?tls to the URL of the store', 'add ?plain where the network itself is trusted'],
      },
    );
  }
  const {createClient} = await import('@clickhouse/client');
  const clients = place.urls.map((url) =>
    createClient({
      ...{url, username: user, password, database: 'default', request_timeout: REQUEST_MS},
      application: 'foreshadow',
      log: {level: 127},
    }),
  );
  let first = 0;
  const clientAt = (turn: number): clickhouse.ClickHouseClient => {
    const client = clients[(first + turn) % clients.length];
    if (client === undefined) throw new Error('a session has a server');
    return client;
  };
  const explain = (error: unknown): unknown => explained(error, place, password);
  const anywhere = async <T>(ask: (client: clickhouse.ClickHouseClient) => Promise<T>): Promise<T> => {
    for (let turn = 0; ; turn += 1) {
      try {
        const answer = await ask(clientAt(turn));
        first = (first + turn) % clients.length;
        return answer;
      } catch (error) {
        if (turn + 1 >= ROUNDS * clients.length || !mayWorkElsewhere(error)) throw explain(error);
      }
    }
  };
  return {
    place,
    servers: clients.length,
    rows: (sql, decode) => anywhere((client) => allRows(client, sql, decode)),
    command: (sql, settings = {}) =>
      anywhere(async (client) => {
        await client.command({query: sql, clickhouse_settings: settings});
      }),
    insert: async (sql, chunks) => {
      const faults: unknown[] = [];
      try {
        const values = Readable.from(watched(chunks, faults), {objectMode: false});
        const {stream} = await clientAt(0).exec({query: sql, values, clickhouse_settings: WRITE_SETTINGS});
        await text(stream);
      } catch (error) {
        throw faults.length > 0 ? faults[0] : explain(error);
      }
    },
    turn: () => {
      first = (first + 1) % clients.length;
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

/** What the making of the chunks throws is no fault of a server. */
async function* watched(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  faults: unknown[],
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    faults.push(error);
    throw error;
  }
}

async function allRows<T>(
  client: clickhouse.ClickHouseClient,
  sql: string,
  decode: (row: RowReader) => T,
): Promise<readonly T[]> {
  const {stream} = await client.exec({query: sql, clickhouse_settings: READ_SETTINGS});
  const rows: T[] = [];
  for await (const row of readRows(stream, decode)) rows.push(row);
  return rows;
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && /^\d+$/.test(error.code)) return error.code;
  return /^Code: (\d+)/.exec(error.message)?.[1];
}

function mayWorkElsewhere(error: unknown): boolean {
  const code = codeOf(error);
  return !(error instanceof ToolError) && (code === undefined || ELSEWHERE.includes(code));
}

/** What a server, or the way to it, refused; in words without the password. */
function explained(error: unknown, place: ClickHousePlace, password: string): unknown {
  if (error instanceof ToolError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  const raw = errorText(error).slice(0, 500) || ('code' in error ? String(error.code) : error.name);
  const said = password === '' ? raw : raw.replaceAll(password, '[secret]');
  const {name} = place;
  if (code !== undefined && NO_STORE.includes(code)) {
    return new InputError('no-store', `there is no shadow store at ${name}`, {
      hints: [`foreshadow store init --store ${name}`],
    });
  }
  if (code !== undefined && NO_ENTRY.includes(code)) {
    return new TargetError('store-refused', `${name} refused: ${said}`, {
      hints: ['FORESHADOW_CLICKHOUSE_USER and FORESHADOW_CLICKHOUSE_PASSWORD in the environment'],
    });
  }
  const isReached = code !== undefined;
  return new TargetError(
    isReached ? 'store-refused' : 'store-unreachable',
    isReached ? `${name} could not do it: ${said}` : `${name} cannot be reached: ${said}`,
    {hints: ['the same again once the servers are well: nothing is lost or counted twice']},
  );
}
