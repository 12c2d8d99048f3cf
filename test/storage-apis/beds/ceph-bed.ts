import {randomBytes} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {createServer, type IncomingMessage, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import path from 'node:path';

import {onTestFinished} from 'vitest';
import {z} from 'zod';

import {openTarget, sealSecret, type TargetAccess} from '../../../src/lib/storage-apis/index.js';
import {ACCESS, buildPlan, type Bytes, temporaryFolder} from '../builders.js';
import {startFaultyNetwork} from './faulty-network.js';
import type {ServedBed} from './served-bed.js';

const USER = 'planner';
const PASSWORD_START = 'pässword "of" the/fake ';
const VERSION = 'application/vnd.ceph.api.v1.0+json';
const GIB = 2 ** 30;

const pools = z.array(
  z.looseObject({
    pool_name: z.string(),
    quota_max_bytes: z.number(),
    stats: z.looseObject({stored: z.looseObject({latest: z.number()})}),
  }),
);
export type FakePool = z.infer<typeof pools>[number];

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What a test may change of the fake, and see. */
export interface FakeCeph {
  readonly url: string;
  readonly server: Server;
  readonly pools: Map<string, FakePool>;
  /** Health checks that it reports. */
  readonly checks: {type: string; severity: string}[];
  /** Tokens that it takes; a test may forget one. */
  readonly tokens: Set<string>;
  readonly password: string;
  wrongLogins: number;
  changesAsked: number;
  /** How often a quota really moved. */
  moves: number;
  /** The next changes are answered with 202 and made only when the task is looked at. */
  answersLater: boolean;
}

/**
 * A strict fake of the dashboard of Ceph 16.2: answers recorded from a real one (fixtures/ceph-*.json) with their odd
 * ways: 400 to a wrong login and a lock after ten, versions in Accept, 404 padded with blanks, text for fractions, a
 * quota that is set although the request is answered with 400.
 */
export async function fakeCeph(): Promise<FakeCeph> {
  const recorded = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(new URL(`../fixtures/ceph-${name}.json`, import.meta.url), 'utf8')) as unknown;
  const [health, osds, rules] = [
    await recorded('health'),
    await recorded('osd'),
    await recorded('crush-rule'),
  ];
  const known = pools.parse(await recorded('pool'));
  const fake: FakeCeph = {
    ...{url: '', pools: new Map(known.map((pool) => [pool.pool_name, pool])), checks: [], tokens: new Set()},
    ...{wrongLogins: 0, changesAsked: 0, moves: 0, answersLater: false},
    password: `${PASSWORD_START}${randomBytes(6).toString('hex')}`,
    server: createServer((request, response) => {
      void (async () => {
        const {status, body} = await answer(fake, request, {health, osds, rules});
        const text = body === undefined ? '' : JSON.stringify(body);
        response.writeHead(status, {'content-type': VERSION});
        response.end(status === 404 ? text.padEnd(513) : text);
      })();
    }),
  };
  await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    fake.server.close();
    fake.server.closeAllConnections();
  });
  return Object.assign(fake, {url: `http://127.0.0.1:${(fake.server.address() as AddressInfo).port}`});
}

async function answer(
  fake: FakeCeph,
  request: IncomingMessage,
  recorded: {readonly health: unknown; readonly osds: unknown; readonly rules: unknown},
): Promise<Answer> {
  const text = await bodyOf(request);
  const {pathname} = new URL(request.url ?? '/', fake.url);
  if (request.headers.accept !== VERSION) return refusal(415, 'Unable to find version in request header');
  if (pathname === '/api/auth') return logIn(fake, text);
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!fake.tokens.has(token)) return refusal(401, 'You are not authorized to access that resource');
  const read: Record<string, () => unknown> = {
    '/api/health/full': () => ({
      ...(recorded.health as object),
      health: {status: 'x', checks: fake.checks},
    }),
    '/api/osd': () => recorded.osds,
    '/api/crush_rule': () => recorded.rules,
    '/api/pool': () => [...fake.pools.values()],
    '/api/task': () => ({executing_tasks: [], finished_tasks: []}),
  };
  const found = read[pathname]?.();
  return found === undefined ? answerPool(fake, request.method, pathname, text) : {status: 200, body: found};
}

function answerPool(fake: FakeCeph, method: string | undefined, pathname: string, text: string): Answer {
  const pool = fake.pools.get(decodeURIComponent(pathname.replace('/api/pool/', '')));
  if (pool === undefined) return refusal(404, "The path 'No such pool' was not found.");
  if (method === 'GET') return {status: 200, body: pool};
  return method === 'PUT' ? setQuota(fake, pool, text) : refusal(405, 'Method Not Allowed');
}

function logIn(fake: FakeCeph, text: string): Answer {
  const {username, password} = z.object({username: z.string(), password: z.string()}).parse(JSON.parse(text));
  if (username !== USER || password !== fake.password || fake.wrongLogins > 10) {
    fake.wrongLogins += 1;
    return {
      status: 400,
      body: {detail: 'Invalid credentials', code: 'invalid_credentials', component: 'auth'},
    };
  }
  const token = randomBytes(18).toString('base64url');
  fake.tokens.add(token);
  return {
    status: 201,
    body: {token, username, permissions: {pool: ['read', 'update']}, pwdUpdateRequired: false},
  };
}

function setQuota(fake: FakeCeph, pool: FakePool, text: string): Answer {
  fake.changesAsked += 1;
  const {quota_max_bytes: quota, ...others} = z
    .looseObject({quota_max_bytes: z.unknown()})
    .parse(JSON.parse(text));
  if (typeof quota !== 'number' || !Number.isInteger(quota) || quota < 0) {
    const detail = `[errno -22] error parsing value '${String(quota)}': strict_iecstrtoll: unit prefix not recognized`;
    return {status: 400, body: {detail, code: 'SendCommandError', component: null}};
  }
  if (fake.answersLater) {
    setTimeout(() => {
      pool.quota_max_bytes = quota;
    }, 20);
    return {status: 202, body: {name: 'pool/edit', metadata: {pool_name: pool.pool_name}}};
  }
  if (pool.quota_max_bytes !== quota) fake.moves += 1;
  pool.quota_max_bytes = quota;
  const [other] = Object.keys(others);
  if (other === undefined) return {status: 200, body: null};
  const detail = `[errno -22] unrecognized variable '${other}'`;
  return {status: 400, body: {detail, code: 'SendCommandError', component: null}};
}

function refusal(status: number, detail: string): Answer {
  return {status, body: {status: String(status), detail, request_id: 'an id'}};
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request as AsyncIterable<Buffer>) text += part.toString('utf8');
  return text;
}

/** Six OSDs of 2 GiB in three racks, as in the fixtures, with this much held on each. */
export function cephPlan(reserveBytes: number) {
  const hosts: Bytes = [0, 1, 2, 3, 4, 5].map((osd) => [`host${osd}/osd.${osd}`, reserveBytes]);
  const plan = buildPlan([], hosts);
  const inRack = (rack: number): string[] => [rack, rack + 3].map((osd) => `host${osd}/osd.${osd}`);
  const none = {demandBytes: 0, requiredBytes: 0, heldBytes: 0, stuckBytes: 0, reason: ''};
  return {
    ...plan,
    hosts: plan.hosts.map((host) => ({
      ...host,
      ...{capacityBytes: 2 * GIB, predictedUsedBytes: 0.5 * GIB, roomBytes: 1229 * 2 ** 20},
    })),
    changes: [],
    boundaries: [0, 1, 2].map((rack) => ({scenario: `rack/rack${rack}`, hosts: inRack(rack), ...none})),
  };
}

/** How the fake is reached; `password` may be another. */
export async function openCeph({url, password: right}: FakeCeph, password = right) {
  return openTarget(`ceph:${url}`, await accessTo(password));
}

async function accessTo(password: string): Promise<TargetAccess> {
  const credentials = {user: USER, password: sealSecret(password)};
  const stateFolder = path.join(await temporaryFolder(), 'state');
  return {...ACCESS, timeoutMs: 10_000, credentials, stateFolder};
}

/** A fake dashboard with two pools of volumes. */
export async function cephBed(): Promise<ServedBed> {
  const fake = await fakeCeph();
  const network = await startFaultyNetwork(
    fake.url,
    (method, url) => method === 'GET' || url === '/api/auth',
  );
  const access = await accessTo(fake.password);
  const name = `ceph:${network.url}`;
  return {
    ...{network, access, target: openTarget(name, access)},
    get secrets() {
      return [fake.password, ...fake.tokens];
    },
    open: (other) => openTarget(name, {...access, ...other}),
    plans: [cephPlan(GIB / 4), cephPlan(GIB / 2)],
    changesAsked: () => fake.changesAsked,
    changesMade: () => fake.moves,
    meddle: async (setting) => {
      const pool = fake.pools.get(setting.slice('pool/'.length));
      if (pool !== undefined) pool.quota_max_bytes += 1;
      return Promise.resolve();
    },
  };
}
