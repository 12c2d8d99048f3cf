import path from 'node:path';

import {expect, test} from 'vitest';

import type {Plan} from '../../src/lib/allocation/index.js';
import {openTarget, type StorageTarget} from '../../src/lib/storage-apis/index.js';
import {readContract} from './beds/contract.js';
import {type FakeOrchestrator, startFakeOrchestrator} from './beds/http-fake.js';
import {serve} from './beds/serve.js';
import {ACCESS, apply, buildPlan, type Bytes, containing, temporaryFolder} from './builders.js';

const WANTED: Bytes = [
  ['h1', 10],
  ['h2', 20],
  ['h3', 4],
];

async function fakeWith(
  ...boundaries: (readonly [string, readonly string[]])[]
): Promise<{readonly fake: FakeOrchestrator; readonly target: StorageTarget}> {
  const fake = await startFakeOrchestrator(await readContract(), boundaries, () => true);
  const stateFolder = path.join(await temporaryFolder(), 'state');
  return {fake, target: openTarget(`http:${fake.url}`, {...ACCESS, stateFolder})};
}

function planWith(...boundaries: (readonly [scenario: string, hosts: string[]])[]): Plan {
  return buildPlan([], WANTED, {
    boundaries: boundaries.map(([scenario, hosts]) => ({
      ...{scenario, hosts, demandBytes: 1, requiredBytes: 1, heldBytes: 1, stuckBytes: 0, reason: ''},
    })),
  });
}

test('the contract is one OpenAPI 3.1 document, and its operations are those that are used', async () => {
  const contract = await readContract();
  const {operations} = contract;
  expect(operations.map(({method, path: at}) => `${method} ${at}`)).toEqual([
    'GET /risk-boundaries',
    'GET /risk-boundaries/{id}/remirror-buffer',
    'PUT /risk-boundaries/{id}/remirror-buffer',
  ]);
  const schema = operations[2]?.requestBody?.content['application/json']?.schema ?? {};
  expect(contract.faults(schema, {bytes: 0})).toEqual([]);
  for (const wrong of [{bytes: -1}, {bytes: 1.5}, {bytes: '1'}, {}, {bytes: 1, more: 1}])
    expect(contract.faults(schema, wrong)).not.toEqual([]);
});

test('a boundary holds what the plan holds on the hosts inside it', async () => {
  const {fake, target} = await fakeWith(
    ['host/h3', ['h3']],
    ['rack/r1', ['h1', 'h2']],
    ['feed/a', ['h2', 'h3']],
  );
  await apply(planWith(['rack/r1', ['h2', 'h1']]), target);
  expect([...fake.boundaries].map(([id, {bytes}]) => [id, bytes])).toEqual([
    ['host/h3', 4],
    ['rack/r1', 30],
    ['feed/a', 24],
  ]);
  const {reserveBytes} = await target.readInventory();
  expect(Object.fromEntries(reserveBytes)).toEqual({h3: 4, h2: 20, h1: 10});
});

test('what is not held as planned is told: hosts in no boundary, boundaries that are not there, sums, strange hosts', async () => {
  const {target} = await fakeWith(['host/h3', ['h3']], ['rack/r1', ['h1', 'h9']]);
  const {wanted, losses} = await target.express(planWith(['rack/r2', ['h2', 'h3']], ['host/h3', ['h3']]));
  expect(wanted.map(({setting}) => setting)).toEqual(['host/h3']);
  expect(losses).toEqual([
    '30 bytes on h1, h2, which are in no boundary there',
    'the boundaries rack/r2, which it does not have',
    'anything in rack/r1, where hosts are that the plan does not know',
  ]);
  const {target: other} = await fakeWith(['host/h3', ['h3']], ['rack/r1', ['h1', 'h2']]);
  expect((await other.express(planWith())).losses).toEqual([
    'how much each host holds inside rack/r1, only their sum',
  ]);
  const {target: exact} = await fakeWith(['a', ['h1']], ['b', ['h2']], ['c', ['h3']]);
  expect((await exact.express(planWith(['rack/r1', ['h1', 'h2']]))).losses).toEqual([]);
});

test('a plan that knows other hosts in a boundary than the server is refused as stale', async () => {
  const {fake, target} = await fakeWith(['rack/r1', ['h1', 'h2']]);
  await expect(apply(planWith(['rack/r1', ['h1', 'h3']]), target)).rejects.toMatchObject({
    exitCode: 5,
    diagnostics: [{at: 'rack/r1', message: 'the target has it without h3 and with h2'}],
  });
  expect(fake.puts).toBe(0);
});

test('while a boundary is repairing nothing is given back', async () => {
  const {fake, target} = await fakeWith(['a', ['h1']], ['b', ['h2']], ['c', ['h3']]);
  Object.assign(fake.boundaries.get('a')!, {bytes: 99});
  Object.assign(fake.boundaries.get('c')!, {state: 'repairing'});
  const {applied, withheld} = await apply(planWith(), target);
  expect(applied.map(({setting}) => setting)).toEqual(['b', 'c']);
  expect(withheld).toMatchObject([{setting: 'a', cause: 'unsafe-shrink', because: 'c is repairing'}]);
});

test('capacity and use are told of hosts that are a boundary alone, capacity only where all are', async () => {
  const {fake, target} = await fakeWith(['a', ['h1']], ['b', ['h2']]);
  Object.assign(fake.boundaries.get('a')!, {usedBytes: 5, capacityBytes: 100});
  const partly = await target.readInventory();
  expect([partly.capacityBytes, [...(partly.usedBytes ?? [])]]).toEqual([undefined, [['h1', 5]]]);
  Object.assign(fake.boundaries.get('b')!, {capacityBytes: 50});
  const wholly = await target.readInventory();
  expect([...(wholly.capacityBytes ?? [])]).toEqual([
    ['h1', 100],
    ['h2', 50],
  ]);
});

test('a change meanwhile answers 412 and is refused as stale; another cluster is no plan of this one', async () => {
  const {fake, target} = await fakeWith(['a', ['h1']], ['b', ['h2']], ['c', ['h3']]);
  const {lineage, serial} = await target.readInventory();
  const meddling: StorageTarget = {
    ...target,
    set: async (change) => {
      fake.boundaries.get(change.setting)!.bytes = 77;
      return target.set(change);
    },
  };
  await expect(apply(planWith(), target, (_, journal) => [meddling, journal])).rejects.toMatchObject({
    exitCode: 5,
    message: containing('somebody changed'),
  });
  const basis = {target: target.name, lineage, serial};
  fake.clusterId = 'another';
  await expect(apply({...planWith(), basis}, target)).rejects.toMatchObject({exitCode: 5});
});

test('an answer that breaks the contract is refused by field, without its value', async () => {
  const boundary = {id: '..', hosts: ['h', 'h'], remirrorBufferBytes: 1.5, state: 'hunter2'};
  const url = await serve(() => ({status: 200, body: {clusterId: 'c', boundaries: [boundary]}}));
  const error: unknown = await openTarget(`http:${url}`, ACCESS)
    .readInventory()
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({exitCode: 6, code: 'unexpected-answer'});
  const {diagnostics} = error as {diagnostics: {at: string}[]};
  expect(diagnostics.map(({at}) => at)).toEqual([
    'boundaries.0.id',
    'boundaries.0.hosts',
    'boundaries.0.remirrorBufferBytes',
    'boundaries.0.state',
  ]);
  expect(JSON.stringify(error)).not.toContain('hunter2');
});
