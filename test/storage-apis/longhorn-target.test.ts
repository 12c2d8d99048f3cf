import path from 'node:path';

import {expect, test, vi} from 'vitest';

import {
  journalPath,
  knowPlan,
  openJournal,
  openTarget,
  releaseBuffer,
  releaseId,
  rollBack,
  sealSecret,
  type StorageTarget,
} from '../../src/lib/storage-apis/index.js';
import {disk, longhornBed, node} from './beds/longhorn-bed.js';
import {type FakeKubernetes, type FakeNode, startFakeKubernetes} from './beds/longhorn-fake.js';
import {
  ACCESS,
  ACTOR,
  apply,
  buildPlan,
  type Bytes,
  containing,
  NOW_US,
  RULES,
  temporaryFolder,
} from './builders.js';

const BASE = 'foreshadow/reserved-before-buffer';
const LEASE = 'foreshadow-apply';

async function openWith(
  nodes: Record<string, FakeNode>,
): Promise<{readonly fake: FakeKubernetes; readonly target: StorageTarget}> {
  const fake = await startFakeKubernetes('token', Object.entries(nodes));
  const stateFolder = path.join(await temporaryFolder(), 'state');
  const access = {...ACCESS, stateFolder, credentials: {token: sealSecret('token')}};
  return {fake, target: openTarget(`longhorn:${fake.url}`, access)};
}

/** A plan by which hosts were foreseen to be as full as they are. */
function planOf(to: Bytes, capacityBytes = 1e12): ReturnType<typeof buildPlan> {
  const plan = buildPlan([], to);
  const hosts = plan.hosts.map((host) => ({...host, capacityBytes, predictedUsedBytes: capacityBytes}));
  const boundaries = to.map(([host]) => ({
    ...{scenario: `host/${host}`, hosts: [host], demandBytes: 0, requiredBytes: 0, heldBytes: 0},
    ...{stuckBytes: 0, reason: ''},
  }));
  return {...plan, hosts, boundaries};
}

test('the buffer lies above what was reserved before, whichever plans follow, and a rollback leaves nothing behind', async () => {
  const {fake, target} = await openWith({n1: node({a: disk(100), b: disk(5)})});
  const {disks, annotations} = fake.nodes.get('n1')!;
  const first = planOf([['n1/a', 10]]);
  await apply(first, target);
  expect([disks['a']?.storageReserved, annotations[BASE]]).toEqual([110, '{"a":100}']);
  expect((await target.readInventory()).reserveBytes.get('n1/a')).toBe(10);
  await apply(
    planOf([
      ['n1/a', 30],
      ['n1/b', 1],
    ]),
    target,
  );
  expect([disks['a']?.storageReserved, annotations[BASE]]).toEqual([130, '{"a":100,"b":5}']);
  const last = planOf([
    ['n1/a', 0],
    ['n1/b', 0],
  ]);
  await apply(last, target);
  expect([disks['a']?.storageReserved, disks['b']?.storageReserved, annotations]).toEqual([100, 5, {}]);
  const journal = await openJournal(journalPath(target.journalFolder, knowPlan(last, 'p').sha256));
  await rollBack(target, journal, RULES);
  expect([disks['a']?.storageReserved, annotations[BASE]]).toEqual([130, '{"a":100,"b":5}']);
});

test('a host that is a node is spread over the disks that take replicas, by room, and stays so', async () => {
  const closed = {...disk(0), allowScheduling: false};
  const {fake, target} = await openWith({
    n1: node({a: disk(0, 600), b: disk(0, 200), closed}),
  });
  const plan = planOf([['n1', 101]], 1e12);
  const {wanted} = await target.express(plan);
  expect(wanted.map(({setting, bytes, hosts}) => [setting, bytes, hosts])).toEqual([
    ['n1/a', 75, ['n1']],
    ['n1/b', 26, ['n1']],
  ]);
  fake.nodes.get('n1')!.disks['a']!.storageReserved = 60;
  fake.nodes.get('n1')!.disks['b']!.storageReserved = 41;
  fake.nodes.get('n1')!.annotations[BASE] = '{"a":0,"b":0}';
  expect((await target.express(plan)).wanted.map(({bytes}) => bytes)).toEqual([60, 41]);
});

test('what a disk cannot hold is told', async () => {
  const {target} = await openWith({
    n1: node({a: {...disk(0, 100), schedulable: false}, b: disk(90, 100)}),
    n2: node({c: {...disk(0, 100), allowScheduling: false}}),
  });
  const {losses} = await target.express(
    planOf([
      ['n1/a', 4],
      ['n1', 12],
      ['n2', 7],
      ['n3', 1],
    ]),
  );
  expect(losses).toEqual([
    '4 bytes on n1/a, which takes no replicas now',
    '2 of 12 bytes on n1: no more are free',
    '7 bytes on n2, which has no disk that takes replicas',
    '1 bytes on n3, which has no disk that takes replicas',
  ]);
});

test('a node or a disk that is ill and a degraded volume keep space from being given back', async () => {
  const {fake, target} = await openWith({
    n1: node({a: disk(100)}),
    n2: node({b: {...disk(0), schedulable: false}}),
  });
  fake.nodes.get('n1')!.annotations[BASE] = '{"a":40}';
  fake.volumes.push({name: 'v1', robustness: 'degraded'}, {name: 'v2', robustness: 'unknown'});
  expect((await target.readInventory()).troubles).toEqual([
    'disk n2/b takes no replicas',
    'volume v1 is degraded',
  ]);
  const {withheld} = await apply(planOf([['n1/a', 0]]), target);
  expect(withheld).toMatchObject([{setting: 'n1/a', cause: 'unsafe-shrink'}]);
  fake.nodes.get('n1')!.ready = false;
  expect((await target.readInventory()).troubles?.[0]).toBe('node n1 is not ready');
});

test('a node that Longhorn writes to meanwhile is read again; a value that moved is refused', async () => {
  const {fake, target} = await openWith({n1: node({a: disk(100)})});
  fake.busy = 4;
  await apply(planOf([['n1/a', 10]]), target);
  expect([fake.patches, fake.moves]).toEqual([5, 1]);
  const change = {
    setting: 'n1/a',
    toBytes: 300,
    expected: {lineage: '', serial: 0},
    planSha256: '',
    actor: ACTOR,
  };
  await expect(target.set({...change, fromBytes: 100})).rejects.toMatchObject({exitCode: 5});
  fake.busy = 1000;
  await expect(target.set({...change, fromBytes: 110})).rejects.toMatchObject({
    exitCode: 6,
    code: 'conflict',
  });
});

test('two machines cannot apply at once: the lease says who does, runs out, and is removed only by its holder', async () => {
  const bed = await longhornBed();
  const {target, fake} = bed;
  const other = bed.open({stateFolder: path.join(await temporaryFolder(), 'elsewhere')});
  const held = await target.lock(ACTOR);
  const later = (seconds: number): typeof ACTOR => ({
    ...ACTOR,
    machine: 'm2',
    pid: 7,
    atUs: NOW_US + seconds * 1e6,
  });
  await expect(other.lock(later(59))).rejects.toMatchObject({
    ...{exitCode: 5, code: 'lock-held'},
    message: containing(`is held by process ${ACTOR.pid} on test-machine since 2026-06-01T00:00:00.000000Z`),
  });
  const taken = await other.lock(later(61));
  expect(taken.tookOverFrom).toContain('on test-machine');
  expect(fake.leases.get(LEASE)?.spec).toMatchObject({
    holderIdentity: 'process 7 on m2',
    leaseTransitions: 1,
  });
  await held.release();
  expect(fake.leases.has(LEASE)).toBe(true);
  await taken.release();
  expect(fake.leases.has(LEASE)).toBe(false);
});

test('a lease is renewed while it is held; one that was lost stops the changes', async () => {
  vi.useFakeTimers({toFake: ['setInterval', 'clearInterval']});
  try {
    const {fake, target} = await openWith({n1: node({a: disk(100)})});
    const held = await target.lock(ACTOR);
    vi.advanceTimersByTime(20_000);
    await vi.waitFor(() => {
      expect(fake.leases.get(LEASE)?.spec['renewTime']).toBe('2026-06-01T00:00:20.000000Z');
    });
    const lease = fake.leases.get(LEASE)!;
    Object.assign(lease, {version: 99, spec: {...lease.spec, holderIdentity: 'somebody else'}});
    vi.advanceTimersByTime(20_000);
    await vi.waitFor(async () => {
      await expect(apply(planOf([['n1/a', 10]]), target)).rejects.toMatchObject({exitCode: 5});
    });
    expect(fake.moves).toBe(0);
    await held.release();
    expect(fake.leases.has(LEASE)).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test('after a failure the buffer of the others is released down to what was there before, and taken back', async () => {
  const {fake, target} = await openWith({n1: node({a: disk(100)}), n2: node({b: disk(7)})});
  const plan = planOf([
    ['n1/a', 10],
    ['n2/b', 20],
  ]);
  await apply(plan, target);
  const known = knowPlan(plan, 'p');
  const journal = await openJournal(journalPath(target.journalFolder, releaseId(known, 'host/n1/a')));
  await releaseBuffer(known, 'host/n1/a', target, journal, RULES);
  const reserved = (): (number | undefined)[] => [
    fake.nodes.get('n1')?.disks['a']?.storageReserved,
    fake.nodes.get('n2')?.disks['b']?.storageReserved,
  ];
  expect(reserved()).toEqual([110, 7]);
  await rollBack(target, journal, RULES);
  expect(reserved()).toEqual([110, 27]);
  expect(fake.nodes.get('n2')?.annotations[BASE]).toBe('{"b":7}');
});

test('an annotation that says nothing, another installation and an odd namespace are refused', async () => {
  const {fake, target} = await openWith({n1: node({a: disk(100)})});
  const {lineage, serial} = await target.readInventory();
  const basis = {target: target.name, lineage, serial};
  fake.namespaceUid = 'installed-anew';
  await expect(apply({...planOf([['n1/a', 1]]), basis}, target)).rejects.toMatchObject({exitCode: 5});
  fake.nodes.get('n1')!.annotations[BASE] = '{"a":"much"}';
  await expect(target.readInventory()).rejects.toMatchObject({exitCode: 6, code: 'damaged-annotation'});
  const named = (place: string): string => openTarget(`longhorn:${place}`, ACCESS).name;
  expect(named('https://k8s:6443/')).toBe('longhorn:https://k8s:6443');
  expect(named('https://k8s/clusters/c1/namespaces/longhorn-system/')).toBe(
    'longhorn:https://k8s/clusters/c1',
  );
  expect(named('https://k8s/namespaces/own')).toBe('longhorn:https://k8s/namespaces/own');
  expect(() => named('https://k8s/namespaces/..%2Fx')).toThrow(expect.objectContaining({exitCode: 2}));
});
