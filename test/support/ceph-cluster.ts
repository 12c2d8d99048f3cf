import {execFile, spawnSync} from 'node:child_process';
import {randomBytes, randomUUID} from 'node:crypto';
import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {promisify} from 'node:util';

import {z} from 'zod';

import {installPackages} from './debian-packages.js';
import {freePort} from './loopback-port.js';

const run = promisify(execFile);

/** Why a real Ceph cannot be started here, in words; undefined when it can. Installs Debian's packages as root. */
export function cephIsMissing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a real Ceph needs root on Linux';
  return installPackages(
    ['ceph', 'ceph-mon', 'ceph-mgr', 'ceph-osd', 'rados'],
    ['ceph-mon', 'ceph-mgr', 'ceph-osd', 'ceph-mgr-dashboard', 'ceph-mgr-modules-core', 'ceph-common'],
  );
}

export interface CephShape {
  readonly racks: number;
  /** Each with one host of one OSD. */
  readonly osdsPerRack: number;
  readonly osdBytes: number;
  readonly pools: readonly {
    readonly name: string;
    readonly size: number;
    readonly apartBy: 'rack' | 'host';
    readonly placementGroups: number;
  }[];
}

/** A real monitor, manager and OSDs on 127.0.0.1, in a folder that is gone afterwards. */
export interface CephCluster {
  readonly confPath: string;
  readonly dashboardUrl: string;
  readonly user: string;
  readonly password: string;
  /** One command of the ceph program, its answer as JSON. */
  ceph(...args: readonly string[]): Promise<unknown>;
  rados(...args: readonly string[]): Promise<void>;
  killRack(rack: number): Promise<void>;
  startRack(rack: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one and waits until all is well. OSD i is in rack i mod racks, alone on host i. */
export async function startCeph(shape: CephShape): Promise<CephCluster> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-ceph-'));
  const [v2, v1, dashboard] = [await freePort(), await freePort(), await freePort()];
  const addresses = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`;
  const confPath = path.join(folder, 'ceph.conf');
  const fsid = randomUUID();
  await mkdir(path.join(folder, 'run'));
  await mkdir(path.join(folder, 'log'));
  await writeFile(confPath, configuration(folder, fsid, addresses, shape.osdBytes));
  const osdCount = shape.racks * shape.osdsPerRack;
  const ceph = async (...args: readonly string[]): Promise<unknown> => {
    const {stdout} = await run('ceph', ['-c', confPath, '--connect-timeout', '30', ...args, '-f', 'json'], {
      maxBuffer: 2 ** 26,
    });
    return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as unknown);
  };
  const startOsd = async (osd: number): Promise<void> => {
    await run('ceph-osd', ['-c', confPath, '-i', String(osd)]);
  };
  const osdsIn = (rack: number): number[] =>
    Array.from({length: shape.osdsPerRack}, (_, index) => rack + index * shape.racks);
  const password = randomBytes(18).toString('base64');
  const cluster: CephCluster = {
    ...{confPath, dashboardUrl: `http://127.0.0.1:${dashboard}`, user: 'planner', password, ceph},
    rados: async (...args) => {
      await run('rados', ['-c', confPath, ...args], {maxBuffer: 2 ** 26});
    },
    killRack: async (rack) => {
      for (const osd of osdsIn(rack))
        await endProcess(path.join(folder, 'run', `osd.${osd}.pid`), confPath, 'SIGKILL');
    },
    startRack: async (rack) => {
      await Promise.all(osdsIn(rack).map(startOsd));
    },
    stop: async () => stopAll(folder, confPath),
  };
  try {
    await startMonitor(folder, confPath, fsid, addresses);
    await startManager(confPath, ceph, dashboard);
    await startOsds(folder, confPath, ceph, osdCount);
    await arrangeRacks(ceph, shape, osdCount);
    await makeUser(folder, ceph, cluster);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

function configuration(folder: string, fsid: string, addresses: string, osdBytes: number): string {
  const place = (name: string): string => path.join(folder, name);
  return `[global]
fsid = ${fsid}
mon_host = ${addresses}
public_network = 127.0.0.0/8
ms_bind_ipv6 = false
keyring = ${place('keyring')}
run_dir = ${place('run')}
log_file = ${place('log')}/$name.log
pid_file = ${place('run')}/$name.pid
crash_dir = ${place('run')}
admin_socket = ${place('run')}/$name.asok
setuser_match_path =
osd_pool_default_min_size = 1
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_delete = true
mon_warn_on_insecure_global_id_reclaim = false
mon_warn_on_insecure_global_id_reclaim_allowed = false
mgr_initial_modules = iostat dashboard
# so that the loss of a whole rack is repaired at once and by itself
mon_osd_down_out_interval = 10
mon_osd_down_out_subtree_limit = root
mon_osd_min_in_ratio = 0.1
mon_osd_min_down_reporters = 1
mon_osd_adjust_heartbeat_grace = false
osd_heartbeat_grace = 8
osd_heartbeat_interval = 2
mon_tick_interval = 2
mgr_stats_period = 2
mgr_tick_period = 1
paxos_propose_interval = 0.2
[mon]
mon_data = ${place('mon.a')}
mon_data_avail_warn = 1
mon_data_avail_crit = 1
[mgr]
mgr_data = ${place('mgr.x')}
[osd]
osd_data = ${folder}/osd.$id
keyring = ${folder}/osd.$id/keyring
osd_objectstore = bluestore
bluestore_block_size = ${osdBytes}
bluestore_block_db_create = false
bluestore_block_wal_create = false
bluestore_cache_autotune = false
bluestore_cache_size = 33554432
bluestore_min_alloc_size = 4096
osd_memory_target = 939524096
osd_max_backfills = 4
osd_recovery_sleep = 0
osd_crush_update_on_start = false
osd_class_update_on_start = false
`;
}

type Ceph = CephCluster['ceph'];

async function startMonitor(folder: string, conf: string, fsid: string, addresses: string): Promise<void> {
  const ring = path.join(folder, 'keyring');
  const key = async (name: string, caps: readonly string[], create = false): Promise<void> => {
    const more = caps.flatMap((cap, index) => (index % 2 === 0 ? ['--cap', cap] : [cap]));
    await run('ceph-authtool', [
      ...(create ? ['--create-keyring'] : []),
      ring,
      '--gen-key',
      '-n',
      name,
      ...more,
    ]);
  };
  await key('mon.', ['mon', 'allow *'], true);
  await key('client.admin', ['mon', 'allow *', 'osd', 'allow *', 'mgr', 'allow *']);
  await key('mgr.x', ['mon', 'allow profile mgr', 'osd', 'allow *', 'mds', 'allow *']);
  const map = path.join(folder, 'monmap');
  await run('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', addresses, map]);
  for (const name of ['mon.a', 'mgr.x']) await mkdir(path.join(folder, name));
  await run('ceph-mon', ['-c', conf, '--mkfs', '-i', 'a', '--monmap', map, '--keyring', ring]);
  await run('ceph-mon', ['-c', conf, '-i', 'a']);
}

/** The dashboard reads where to listen when the manager starts, so that it is told before. */
async function startManager(conf: string, ceph: Ceph, port: number): Promise<void> {
  const settings = {server_addr: '127.0.0.1', ssl: 'false', server_port: String(port)};
  for (const [name, value] of Object.entries(settings))
    await ceph('config', 'set', 'mgr', `mgr/dashboard/${name}`, value, '--force');
  await run('ceph-mgr', ['-c', conf, '-i', 'x']);
}

async function startOsds(folder: string, conf: string, ceph: Ceph, count: number): Promise<void> {
  const ids: string[] = [];
  for (let osd = 0; osd < count; osd += 1) {
    const home = path.join(folder, `osd.${osd}`);
    await mkdir(home);
    const [id, {stdout: secret}] = [randomUUID(), await run('ceph-authtool', ['--gen-print-key'])];
    const told = path.join(home, 'new.json');
    await writeFile(told, JSON.stringify({cephx_secret: secret.trim()}), {mode: 0o600});
    await ceph('osd', 'new', id, '-i', told);
    await rm(told);
    await writeFile(path.join(home, 'keyring'), `[osd.${osd}]\n\tkey = ${secret}`, {mode: 0o600});
    ids.push(id);
  }
  const begin = async (id: string, osd: number): Promise<void> => {
    const common = ['-c', conf, '-i', String(osd)];
    await run('ceph-osd', [...common, '--mkfs', '--osd-uuid', id], {maxBuffer: 2 ** 26});
    await run('ceph-osd', common);
  };
  await Promise.all(ids.map(begin));
}

async function arrangeRacks(ceph: Ceph, shape: CephShape, count: number): Promise<void> {
  const weight = String(shape.osdBytes / 2 ** 40);
  for (let osd = 0; osd < count; osd += 1) {
    const place = ['root=default', `rack=rack${osd % shape.racks}`, `host=host${osd}`];
    await ceph('osd', 'crush', 'add', `osd.${osd}`, weight, ...place);
    await ceph('osd', 'crush', 'set-device-class', 'ssd', `osd.${osd}`);
  }
  for (const type of ['rack', 'host'])
    await ceph('osd', 'crush', 'rule', 'create-replicated', `by_${type}`, 'default', type, 'ssd');
  for (const {name, size, apartBy, placementGroups} of shape.pools) {
    const groups = String(placementGroups);
    await ceph('osd', 'pool', 'create', name, groups, groups, 'replicated', `by_${apartBy}`);
    await ceph('osd', 'pool', 'set', name, 'size', String(size));
    await ceph('osd', 'pool', 'application', 'enable', name, 'rbd');
  }
  const stat = z.looseObject({num_up_osds: z.number()});
  await until(
    'all OSDs to be up',
    60,
    async () => stat.parse(await ceph('osd', 'stat')).num_up_osds === count,
  );
}

async function makeUser(folder: string, ceph: Ceph, cluster: CephCluster): Promise<void> {
  const services = z.looseObject({dashboard: z.string().optional()});
  await until('the dashboard', 90, async () => {
    return services.parse(await ceph('mgr', 'services')).dashboard !== undefined;
  });
  const file = path.join(folder, 'password');
  await writeFile(file, cluster.password, {mode: 0o600});
  await ceph('dashboard', 'ac-user-create', cluster.user, '-i', file, 'administrator', '--force-password');
  await rm(file);
  await until('the dashboard to answer', 60, async () =>
    fetch(cluster.dashboardUrl).then(
      () => true,
      () => false,
    ),
  );
}

/** Asks again every second until it is so. Throws when it is not in time. */
export async function until(what: string, seconds: number, isSo: () => Promise<boolean>): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 1) {
    if (await isSo()) return;
    await wait(1000);
  }
  throw new Error(`waited ${seconds} s for ${what}`);
}

/** Ends the process of a pid file, if its command line names our configuration. */
async function endProcess(pidFile: string, conf: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => '0'));
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (pid <= 1 || !command.includes(conf)) return false;
  process.kill(pid, signal);
  return true;
}

async function stopAll(folder: string, conf: string): Promise<void> {
  const names = (await readdir(path.join(folder, 'run')).catch(() => [])).filter((name) =>
    name.endsWith('.pid'),
  );
  const files = names.map((name) => path.join(folder, 'run', name));
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const alive = await Promise.all(files.map(async (file) => endProcess(file, conf, signal)));
      if (!alive.includes(true)) break;
      await wait(500);
    }
  }
  await rm(folder, {recursive: true, force: true});
}

/** The version of the installed Ceph, for what a test prints. */
export function cephVersion(): string {
  return spawnSync('ceph', ['--version'], {encoding: 'utf8'}).stdout.trim();
}
