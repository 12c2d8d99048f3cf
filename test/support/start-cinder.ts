import {spawn} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';

import {installPackages} from './debian-packages.js';
import {runProcess} from './run-process.js';

/** Cinder takes only hexadecimal digits here. */
const PROJECT = '0123456789abcdef0123456789abcdef';

/** The API server of Cinder with a database of its own; no scheduler, no back end, no Keystone. */
export interface RunningCinder {
  readonly folder: string;
  readonly project: string;
  /** `http://127.0.0.1:PORT/v3/PROJECT` */
  readonly address: string;
  /** What it takes as a token: any, as long as it is one of the project. */
  readonly token: string;
  /** Sends a request as an administrator would; the answer's body as JSON. */
  ask(method: string, path: string, body?: unknown): Promise<{status: number; body: unknown}>;
  stop(): Promise<void>;
}

/** Why a real Cinder cannot be started here; undefined when it can. Installs its packages first. */
export function whyNoCinder(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux';
  return installPackages(['cinder-api', 'cinder-manage', 'setpriv'], ['cinder-api', 'util-linux']);
}

/** Starts it on a free port of 127.0.0.1. */
export async function startCinder(): Promise<RunningCinder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-cinder-'));
  const port = await freePort();
  const config = path.join(folder, 'cinder.conf');
  await writeFile(config, configOf(folder, port));
  const synced = await runProcess('cinder-manage', ['--config-file', config, 'db', 'sync']);
  if (synced.exitCode !== 0) {
    await rm(folder, {recursive: true, force: true});
    throw new Error(`cinder-manage db sync: ${synced.stderr}`);
  }
  // It goes with this process, however that ends.
  const command = ['--pdeathsig', 'KILL', 'cinder-api', '--config-file', config];
  const child = spawn('setpriv', command, {stdio: 'ignore'});
  const stop = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('close', resolve));
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM')) await gone;
    await rm(folder, {recursive: true, force: true});
  };
  const address = `http://127.0.0.1:${port}/v3/${PROJECT}`;
  const token = `admin:${PROJECT}`;
  const ask: RunningCinder['ask'] = async (method, at, body) => {
    const response = await fetch(`${address}${at}`, {
      method,
      headers: {'x-auth-token': token, 'content-type': 'application/json'},
      ...(body === undefined ? {} : {body: JSON.stringify(body)}),
    });
    const text = await response.text();
    return {status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown)};
  };
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) break;
    if (
      await ask('GET', '/types').then(
        () => true,
        () => false,
      )
    )
      return {folder, project: PROJECT, address, token, ask, stop};
    await wait(200);
  }
  const log = await readFile(path.join(folder, 'log'), 'utf8').catch(() => '');
  await stop();
  throw new Error(`Cinder did not start: ${log.slice(-2000)}`);
}

function configOf(folder: string, port: number): string {
  return `[DEFAULT]
auth_strategy = noauth
osapi_volume_listen = 127.0.0.1
osapi_volume_listen_port = ${port}
osapi_volume_workers = 1
osapi_max_limit = 2
transport_url = fake://
state_path = ${folder}
log_file = ${folder}/log
api_paste_config = /etc/cinder/api-paste.ini
[database]
connection = sqlite:///${folder}/database
[oslo_concurrency]
lock_path = ${folder}/lock
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
