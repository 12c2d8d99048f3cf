import {spawn, spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';

import {installPackages} from './debian-packages.js';
import {type FinishedRun, PROGRAM, USERS_ENVIRONMENT} from './run-foreshadow.js';
import {runProcess} from './run-process.js';

/** A glusterd that nothing but this test sees. */
export interface RunningGlusterfs {
  readonly folder: string;
  /** By number from 1: the host name of a brick, and its path. */
  address(brick: number): string;
  brickPath(brick: number): string;
  /** Runs a command beside glusterd. */
  run(command: string, args: readonly string[]): Promise<FinishedRun>;
  /** The same for the gluster CLI; throws when it fails. Returns its stdout. */
  gluster(...args: readonly string[]): Promise<string>;
  /** The same for the built program. */
  foreshadow(...args: readonly string[]): Promise<FinishedRun>;
  /** Ends every process and mount of it. */
  stop(): Promise<void>;
}

/*
 * Everything is in namespaces of its own: addresses on its own loopback (glusterd refuses bricks on 127.0.0.1, so they
 * are addresses for documentation, RFC 5737), mounts, process ids, and what glusterd writes outside the folder. When
 * the first process of a PID namespace dies, the kernel ends the others, and with them mounts and loop devices go.
 */
const IN_NAMESPACE = `
set -eu
folder=$1 bricks=$2 mebibytes=$3
mount --make-rprivate /
for hidden in /run /var/lib/glusterd /var/log/glusterfs; do mount -t tmpfs tmpfs $hidden; done
mkdir /run/gluster
ip link set lo up
for i in $(seq "$bricks"); do
  truncate -s "$mebibytes"M "$folder/disk$i"
  mkfs.xfs -q "$folder/disk$i"
  mkdir "$folder/b$i"
  # XFS would take space ahead of growing files, more than any test reckons with.
  mount -o loop,nouuid,allocsize=64k "$folder/disk$i" "$folder/b$i"
  mkdir "$folder/b$i/brick"
  ip addr add "198.51.100.$i/32" dev lo
done
glusterd
touch "$folder/started"
exec sleep infinity
`;
const UNSHARE = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Why a real GlusterFS cannot be started here; undefined when it can. Installs its packages first. */
export function whyNoGlusterfs(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux';
  const missing = installPackages(
    ['glusterd', 'gluster', 'mount.glusterfs', 'mkfs.xfs', 'ip', 'unshare', 'nsenter', 'setpriv'],
    ['glusterfs-server', 'glusterfs-client', 'glusterfs-cli', 'xfsprogs', 'iproute2', 'util-linux'],
  );
  if (missing !== undefined) return missing;
  if (process.getuid?.() !== 0) return 'not root';
  const device = ['/dev/loop-control', '/dev/fuse'].find((needed) => !existsSync(needed));
  if (device !== undefined) return `there is no ${device}`;
  const tried = spawnSync('unshare', [...UNSHARE, 'true'], {encoding: 'utf8'});
  return tried.status === 0 ? undefined : `namespaces of its own are not allowed: ${tried.stderr.trim()}`;
}

/** Starts glusterd with so many bricks, each on an XFS of its own on an address of its own. */
export async function startGlusterfs(bricks: number, mebibytes: number): Promise<RunningGlusterfs> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-glusterfs-'));
  const log = path.join(folder, 'log');
  await writeFile(path.join(folder, 'start.sh'), IN_NAMESPACE);
  const script = ['sh', '-c', `exec sh "$1"/start.sh "$1" "$2" "$3" > "$1"/log 2>&1`, 'sh'];
  // It goes with this process, however that ends.
  const command = ['--pdeathsig', 'KILL', 'unshare', ...UNSHARE, ...script];
  const child = spawn('setpriv', [...command, folder, String(bricks), String(mebibytes)], {stdio: 'ignore'});
  const stop = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('close', resolve));
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await gone;
    // Loop devices go a moment after the mounts.
    await wait(500);
    await rm(folder, {recursive: true, force: true});
  };
  try {
    const inside = await firstProcess(folder, child.pid ?? 0, () => child.exitCode);
    return running(folder, inside, stop);
  } catch (error) {
    const said = await readFile(log, 'utf8').catch(() => '');
    await stop();
    throw new Error(`GlusterFS did not start: ${said}`, {cause: error});
  }
}

/** The process id, as seen from here, of the namespace's first process, once glusterd runs. */
async function firstProcess(folder: string, parent: number, exitCode: () => number | null): Promise<number> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (exitCode() !== null) throw new Error(`unshare ended with ${exitCode() ?? ''}`);
    if (existsSync(path.join(folder, 'started'))) {
      const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
      return Number(children.trim());
    }
    await wait(200);
  }
  throw new Error('not started within 60 s');
}

function running(folder: string, inside: number, stop: () => Promise<void>): RunningGlusterfs {
  const run = async (command: string, args: readonly string[]): Promise<FinishedRun> => {
    const enter = ['--target', String(inside), '--mount', '--net', '--pid', '--', command, ...args];
    return runProcess('nsenter', enter, {env: USERS_ENVIRONMENT});
  };
  return {
    folder,
    address: (brick) => `198.51.100.${brick}`,
    brickPath: (brick) => path.join(folder, `b${brick}`, 'brick'),
    run,
    gluster: async (...args) => {
      const ended = await run('gluster', ['--mode=script', ...args]);
      if (ended.exitCode === 0) return ended.stdout;
      throw new Error(`gluster ${args.join(' ')}: ${ended.stdout}${ended.stderr}`);
    },
    foreshadow: async (...args) => run(process.execPath, [PROGRAM, ...args]),
    stop,
  };
}
