import {type ChildProcess, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';

import {installPackages} from './debian-packages.js';
import {freePort} from './loopback-port.js';

/** Where Debian's zookeeper puts its program, which has no command of its own. */
const ZOOKEEPER_CLASSES = '/usr/share/java/zookeeper.jar:/etc/zookeeper/conf';
/** What the servers call the cluster that they make up. */
export const CLUSTER = 'loopback';
const USER = 'planner';
const DDL_QUEUE = '/foreshadow/ddl';
const QUEUE_IS_THERE = `SELECT count() FROM system.zookeeper WHERE path = '${DDL_QUEUE}'`;

/** Why real ClickHouse servers cannot be started here, in words; undefined when they can. Installs Debian's packages as root. */
export function clickHouseIsMissing(): string | undefined {
  if (process.platform !== 'linux') return "Debian's ClickHouse needs Linux";
  return installPackages(
    ['clickhouse-server', 'clickhouse-client', 'java'],
    ['clickhouse-server', 'clickhouse-client', 'zookeeper'],
  );
}

export interface ClickHouseShape {
  readonly shards: number;
  /** Servers of each shard. */
  readonly replicas: number;
}

interface Ports {
  readonly http: number;
  readonly tcp: number;
  readonly interserver: number;
}

/** Real ClickHouse servers and a ZooKeeper on 127.0.0.1, in a folder that is gone afterwards. */
export interface ClickHouseCluster {
  /** HTTP ports, shard by shard. */
  readonly httpPorts: readonly number[];
  /** What the program needs in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The store in a database, through some of the servers in that order; all of them when none is named. */
  storeUrl(database: string, servers?: readonly number[]): string;
  /** One statement at one server, its answer as text. Throws what the server says. */
  query(sql: string, server?: number): Promise<string>;
  kill(server: number): Promise<void>;
  start(server: number): Promise<void>;
  /** The process ids of all that is running. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

/** Starts them and waits until all of them answer. Server i is of shard floor(i / replicas). */
export async function startClickHouse(shape: ClickHouseShape): Promise<ClickHouseCluster> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-clickhouse-'));
  const password = randomBytes(18).toString('hex');
  const zookeeperPort = await freePort();
  const ports: Ports[] = [];
  for (let server = 0; server < shape.shards * shape.replicas; server += 1)
    ports.push({http: await freePort(), tcp: await freePort(), interserver: await freePort()});
  const running = new Map<string, ChildProcess>();
  const ask = (sql: string, server: number): Promise<string> =>
    query(sql, ports[server]?.http ?? 0, password);
  const start = async (server: number): Promise<void> => {
    const name = `server ${server}`;
    const isUp = async (): Promise<boolean> => {
      // 18.16 breaks down when ZooKeeper does not answer at once, and that a moment after it is up itself.
      if (hasEnded(running.get(name)))
        running.set(name, run('clickhouse-server', [`--config-file=${configPath(folder, server)}`]));
      return answers(() => ask(QUEUE_IS_THERE, server));
    };
    await until(`ClickHouse server ${server}`, isUp, path.join(folder, String(server), 'error.log'));
  };
  const cluster: ClickHouseCluster = {
    httpPorts: ports.map(({http}) => http),
    environment: {FORESHADOW_CLICKHOUSE_USER: USER, FORESHADOW_CLICKHOUSE_PASSWORD: password},
    storeUrl: (database, servers = [...ports.keys()]) =>
      `clickhouse://${servers.map((server) => `127.0.0.1:${ports[server]?.http ?? 0}`).join(',')}/${database}`,
    query: (sql, server = 0) => ask(sql, server),
    kill: (server) => end(running, `server ${server}`, 'SIGKILL'),
    start,
    pids: () => [...running.values()].flatMap(({pid}) => pid ?? []),
    stop: async () => {
      await Promise.all([...running.keys()].map((name) => end(running, name, 'SIGKILL')));
      await rm(folder, {recursive: true, force: true});
    },
  };
  try {
    running.set('zookeeper', await startZookeeper(folder, zookeeperPort));
    await until('ZooKeeper', () => answers(() => askZookeeper(zookeeperPort)), path.join(folder, 'zoo.cfg'));
    for (const server of ports.keys()) {
      await writeConfiguration(folder, server, {shape, ports, password, zookeeperPort});
    }
    // One after the other, so that only the first makes what all of them want to make in ZooKeeper.
    for (const server of ports.keys()) await start(server);
    await wait(1000);
    for (const server of ports.keys()) await start(server);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function run(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, args, {stdio: 'ignore'});
}

async function end(
  running: Map<string, ChildProcess>,
  name: string,
  signal: 'SIGKILL' | 'SIGTERM',
): Promise<void> {
  const child = running.get(name);
  running.delete(name);
  if (child === undefined || hasEnded(child)) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

async function startZookeeper(folder: string, port: number): Promise<ChildProcess> {
  const data = path.join(folder, 'zookeeper');
  await mkdir(data, {recursive: true});
  const settings = {
    tickTime: 500,
    dataDir: data,
    clientPort: port,
    clientPortAddress: '127.0.0.1',
    'admin.enableServer': false,
    '4lw.commands.whitelist': 'ruok',
  };
  const file = path.join(folder, 'zoo.cfg');
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${String(value)}\n`);
  await writeFile(file, lines.join(''));
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  return run('java', ['-Xmx256m', '-Dzookeeper.log.dir=' + data, '-cp', ZOOKEEPER_CLASSES, main, file]);
}

function hasEnded(child: ChildProcess | undefined): boolean {
  return child === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  return ask().then(
    () => true,
    () => false,
  );
}

async function until(what: string, isUp: () => Promise<boolean>, logPath: string): Promise<void> {
  for (let tries = 0; tries < 240; tries += 1) {
    if (await isUp()) return;
    await wait(250);
  }
  const log = await readFile(logPath, 'utf8').catch(() => '');
  throw new Error(`${what} does not answer: ${log.slice(-500)}`);
}

/** Its word for being well is `imok`. */
function askZookeeper(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('ruok'));
    let said = '';
    socket.setEncoding('utf8').on('data', (text: string) => (said += text));
    socket.on('error', reject).on('close', () => {
      if (said === 'imok') resolve();
      else reject(new Error(said));
    });
  });
}

async function query(sql: string, port: number, password: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    body: sql,
    headers: {'X-ClickHouse-User': USER, 'X-ClickHouse-Key': password},
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

interface Configuration {
  readonly shape: ClickHouseShape;
  readonly ports: readonly Ports[];
  readonly password: string;
  readonly zookeeperPort: number;
}

function configPath(folder: string, server: number): string {
  return path.join(folder, String(server), 'config.xml');
}

async function writeConfiguration(folder: string, server: number, told: Configuration): Promise<void> {
  const home = path.join(folder, String(server));
  await mkdir(home, {recursive: true});
  await writeFile(path.join(home, 'users.xml'), usersXml(told.password));
  await writeFile(configPath(folder, server), configXml(home, server, told));
}

function usersXml(password: string): string {
  return `<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage></default></profiles>
  <users><${USER}><password>${password}</password><networks><ip>127.0.0.1</ip></networks>
    <profile>default</profile><quota>default</quota></${USER}></users>
  <quotas><default/></quotas>
</yandex>
`;
}

function configXml(home: string, server: number, told: Configuration): string {
  const {shape, ports, password, zookeeperPort} = told;
  const {http, tcp, interserver} = ports[server] ?? {http: 0, tcp: 0, interserver: 0};
  const shardOf = (place: number): number => Math.floor(place / shape.replicas);
  const replica = (place: number): string =>
    `<replica><host>127.0.0.1</host><port>${ports[place]?.tcp ?? 0}</port><user>${USER}</user><password>${password}</password></replica>`;
  const shards = Array.from({length: shape.shards}, (_, shard) => {
    const members = [...ports.keys()].filter((place) => shardOf(place) === shard);
    return `<shard><internal_replication>true</internal_replication>${members.map(replica).join('')}</shard>`;
  });
  return `<yandex>
  <logger><level>warning</level><log>${home}/server.log</log><errorlog>${home}/error.log</errorlog></logger>
  <http_port>${http}</http_port><tcp_port>${tcp}</tcp_port>
  <interserver_http_port>${interserver}</interserver_http_port><interserver_http_host>127.0.0.1</interserver_http_host>
  <listen_host>127.0.0.1</listen_host>
  <path>${home}/data/</path><tmp_path>${home}/tmp/</tmp_path><user_files_path>${home}/files/</user_files_path>
  <users_config>${home}/users.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
  <background_pool_size>2</background_pool_size>
  <zookeeper><node><host>127.0.0.1</host><port>${zookeeperPort}</port></node><session_timeout_ms>4000</session_timeout_ms></zookeeper>
  <macros><shard>${shardOf(server)}</shard><replica>server-${server}</replica></macros>
  <distributed_ddl><path>${DDL_QUEUE}</path></distributed_ddl>
  <remote_servers><${CLUSTER}>${shards.join('')}</${CLUSTER}></remote_servers>
</yandex>
`;
}
