import {UsageError} from '../../core/index.js';

const SCHEME = 'clickhouse://';
const DEFAULT_PORTS = {plain: 8123, tls: 8443};
/** `host`, `host:8123` or `[::1]:8123`. */
const SERVER = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;
const DATABASE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const HINTS = ['write it like clickhouse://server:8123/foreshadow or clickhouse://a,b:8443/foreshadow?tls'];

/** Where a store in ClickHouse is. */
export interface ClickHousePlace {
  /** As it was written; it holds no secret. */
  readonly name: string;
  /** `http://host:port` of servers that all know the store, in the order in which they are tried. */
  readonly urls: readonly string[];
  readonly database: string;
  /** Whether a password may be sent: it would be readable on the way to another machine without TLS. */
  readonly isPrivate: boolean;
}

/** Whether a store's name is that of one in ClickHouse. */
export function isClickHouseUrl(name: string): boolean {
  return name.startsWith(SCHEME);
}

/**
 * Reads `clickhouse://SERVER[:PORT][,SERVER[:PORT]...]/DATABASE[?tls][&plain]`. Throws UsageError, which repeats nothing of
 * a URL that holds a password.
 */
export function parseClickHouseUrl(name: string): ClickHousePlace {
  const rest = name.slice(SCHEME.length);
  if (rest.includes('@')) {
    throw new UsageError('secret-in-url', 'user and password do not belong into --store', {
      hints: ['FORESHADOW_CLICKHOUSE_USER and FORESHADOW_CLICKHOUSE_PASSWORD in the environment'],
    });
  }
  const [, servers = '', database = '', options = ''] = /^([^/?]*)\/([^/?]*)(?:\?(.*))?$/.exec(rest) ?? [];
  const told = new Set(options.split('&').filter((option) => option !== ''));
  const unknown = [...told].find((option) => option !== 'tls' && option !== 'plain');
  if (unknown !== undefined) throw badUrl(name, `it does not know "${unknown}", only tls and plain`);
  if (!DATABASE.test(database)) throw badUrl(name, `"${database}" is no name of a database`);
  const isTls = told.has('tls');
  const parts = servers.split(',').map((server) => SERVER.exec(server));
  const hosts = parts.flatMap((part) => part?.[1] ?? []);
  if (hosts.length < parts.length) throw badUrl(name, `"${servers}" names no server`);
  const urls = parts.map((part, place) => {
    const port = part?.[2] ?? (isTls ? DEFAULT_PORTS.tls : DEFAULT_PORTS.plain);
    return `${isTls ? 'https' : 'http'}://${hosts[place] ?? ''}:${port}`;
  });
  const isPrivate = isTls || told.has('plain') || hosts.every((host) => LOOPBACK.test(host));
  return {name, urls, database, isPrivate};
}

function badUrl(name: string, why: string): UsageError {
  return new UsageError('bad-store', `--store ${name}: ${why}`, {hints: HINTS});
}

/** A name for what is kept of a store on this machine: a folder's name without anything strange in it. */
export function localNameOf(name: string): string {
  const {urls, database} = parseClickHouseUrl(name);
  const [first = ''] = urls;
  return `${first.replace(/^https?:\/\//, '').replace(/[^A-Za-z0-9.]+/g, '-')}-${database}`;
}
