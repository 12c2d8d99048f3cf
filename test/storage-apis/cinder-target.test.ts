import fc from 'fast-check';
import {describe, expect, test} from 'vitest';

import {LOCAL_ACCESS, openTarget, sealSecret} from '../../src/lib/storage-apis/index.js';
import {expressQuota, type VolumeType} from '../../src/lib/storage-apis/cinder/express-quota.js';
import {openCinder, rackPlan} from './beds/cinder-bed.js';
import type {StandInType} from './beds/cinder-stand-in.js';
import {ACTOR, apply, containing} from './builders.js';

const GIB = 2 ** 30;
const type = (name: string, committedGib = 0, zones: string[] = []): VolumeType => ({
  name,
  zones,
  committedGib,
});

/** One rack of hosts with these reserves, each of 100 GiB that may be used, predicted use and room together. */
function plan(...reservesGib: number[]) {
  const made = rackPlan(
    [],
    reservesGib.map((reserve, index) => [`h${index + 1}`, Math.round(reserve * GIB)]),
  );
  return {
    ...made,
    hosts: made.hosts.map((host) => ({
      ...host,
      ...{capacityBytes: 120 * GIB, predictedUsedBytes: 60 * GIB, roomBytes: 40 * GIB},
    })),
  };
}

const told = (types: VolumeType[], ...reserves: number[]) => {
  const {wanted, losses} = expressQuota(plan(...reserves), types);
  return {quotas: wanted.map(({setting, bytes}) => [setting, (bytes ?? 0) / GIB]), losses};
};

describe('the quota of a volume type', () => {
  test('is what may be used in its boundary less what is held free, in whole GiB; the rest is told', () => {
    expect(told([type('r1')], 20)).toEqual({quotas: [['r1', 80]], losses: []});
    expect(told([type('r1')], 20.5)).toEqual({
      quotas: [['r1', 79]],
      losses: [containing(`the quota of r1 is ${GIB / 2} bytes below what may be used in rack/r1`)],
    });
  });

  test('is never below what is in use; how much of the buffer that takes is told', () => {
    expect(told([type('r1', 90)], 20)).toEqual({
      quotas: [['r1', 90]],
      losses: [containing(`${10 * GIB} bytes of what is to be held free in rack/r1`)],
    });
  });

  test('of several types of one boundary is what each has and an equal part of the rest', () => {
    const {quotas, losses} = told([type('r1', 10), type('fast', 41, ['r1'])], 20);
    expect(quotas).toEqual([
      ['r1', 24],
      ['fast', 55],
    ]);
    expect(losses).toEqual([
      containing('one quota for rack/r1: r1, fast get what is free in equal parts'),
      containing(`${GIB} bytes below`),
    ]);
  });

  test('goes by the zone first, then by the name, with the kind of the boundary or without', () => {
    const types = [type('r1', 0, ['rack/r2']), type('rack/r1'), type('other')];
    const {quotas, losses} = told(types, 20, 30, 7);
    expect(quotas).toEqual([
      ['r1', 70],
      ['rack/r1', 80],
    ]);
    expect(losses).toEqual([
      containing('belong to no boundary of the plan, wherever their volumes are: other'),
      containing(`${7 * GIB} bytes on h3: no volume type`),
    ]);
  });

  test.each([
    ['two zones', [type('x', 0, ['r1', 'r2'])]],
    ['one zone of the plan and another', [type('x', 0, ['r1', 'elsewhere'])]],
    ['none that belongs to a boundary', [type('x')]],
  ])('is not guessed for %s', (_, types) => {
    expect(() => told(types, 1, 2)).toThrow(expect.objectContaining({exitCode: 2}));
  });

  test('is not guessed where two boundaries have one name', () => {
    const {boundaries, ...rest} = plan(1);
    const twice = {...rest, boundaries: [...boundaries, {...boundaries[0]!, scenario: 'feed/r1'}]};
    expect(() => expressQuota(twice, [type('r1')])).toThrow(
      expect.objectContaining({
        exitCode: 2,
        diagnostics: [expect.objectContaining({at: 'r1', message: 'it may belong to rack/r1 and feed/r1'})],
      }),
    );
  });

  test('together they leave the reserve free, unless volumes have it already; less than a GiB a type is lost', () => {
    const gib = fc.nat({max: 100});
    const types = fc.array(fc.nat({max: 60}), {minLength: 1, maxLength: 4});
    fc.assert(
      fc.property(types, gib, gib, (committed, one, other) => {
        const {boundaries, ...rest} = plan(one / 3, other / 3);
        const together = {...rest, boundaries: [{...boundaries[0]!, hosts: ['h1', 'h2']}]};
        const {wanted} = expressQuota(
          together,
          committed.map((inUse, index) => type(`t${index}`, inUse, ['r1'])),
        );
        const limit = 200 * GIB - rest.hosts.reduce((sum, host) => sum + host.reserveBytes, 0);
        const set = wanted.reduce((sum, {bytes}) => sum + (bytes ?? 0), 0);
        const inUse = committed.reduce((sum, each) => sum + each, 0) * GIB;
        expect(set).toBeLessThanOrEqual(Math.max(limit, inUse));
        expect(set).toBeGreaterThan(limit - committed.length * GIB - GIB);
        for (const [index, {bytes}] of wanted.entries())
          expect(bytes).toBeGreaterThanOrEqual(committed[index]! * GIB);
      }),
      {seed: 1},
    );
  });
});

test('each quota is asked for alone and in GiB, all pages of types are read, and what others have is left', async () => {
  const types: StandInType[] = [
    {name: 'a', limit: -1},
    {name: 'b', limit: 5},
    {name: 'r1', limit: -1},
    {name: 'c', limit: -1},
    {name: 'r2', limit: 40},
  ];
  const {target, changes} = await openCinder(types);
  await apply(plan(20, 10), target);
  expect(changes.map(({body}) => JSON.stringify(body)).sort()).toEqual([
    '{"quota_set":{"gigabytes_r1":80}}',
    '{"quota_set":{"gigabytes_r2":90}}',
  ]);
  expect(types.map(({limit}) => limit)).toEqual([-1, 5, 80, -1, 90]);
});

test('what is in use at the very moment counts, and so does what somebody else set', async () => {
  const types: StandInType[] = [{name: 'r1', limit: 50, inUse: 30, reserved: 11}];
  const {target, changes} = await openCinder(types);
  const expected = {lineage: 'a1b2', serial: 0};
  const change = {setting: 'r1', fromBytes: 50 * GIB, planSha256: 'p', actor: ACTOR, expected};
  await expect(target.set({...change, toBytes: 40 * GIB})).rejects.toMatchObject({exitCode: 4});
  const moved = target.set({...change, fromBytes: 60 * GIB, toBytes: 70 * GIB});
  await expect(moved).rejects.toMatchObject({exitCode: 5, code: 'target-moved'});
  await expect(target.set({...change, toBytes: 70 * GIB + 1})).rejects.toMatchObject({code: 'not-whole'});
  await expect(target.read('gone')).rejects.toMatchObject({exitCode: 6, code: 'no-type'});
  expect(changes).toEqual([]);
});

test('a quota that cannot be reckoned with exactly is named', async () => {
  const {target} = await openCinder([{name: 'r1', limit: 10_000_000}]);
  await expect(target.readInventory()).rejects.toMatchObject({exitCode: 6, code: 'quota-too-large'});
});

test('without a token it says where one comes from; a wrong one is refused and not told', async () => {
  const {place, access} = await openCinder([{name: 'r1', limit: -1}]);
  const open = openTarget(`cinder:${place}`, {...access, credentials: {}});
  await expect(open.readInventory()).rejects.toMatchObject({exitCode: 2, code: 'no-token'});
  const wrong = openTarget(`cinder:${place}`, {...access, credentials: {token: sealSecret('sesame')}});
  const error: unknown = await wrong.readInventory().catch((caught: unknown) => caught);
  expect(error).toMatchObject({exitCode: 6, code: 'not-logged-in'});
  expect(JSON.stringify(error) + String(error)).not.toContain('sesame');
});

test('quotas of another project are asked for as that project', async () => {
  const {place, access} = await openCinder([{name: 'r1', limit: -1}]);
  const other = openTarget(`cinder:${place}?project=c3d4`, access);
  expect(other.name).toBe(`cinder:${place}?project=c3d4`);
  await expect(other.readInventory()).rejects.toMatchObject({
    exitCode: 6,
    message: containing('/v3/a1b2/os-quota-sets/c3d4'),
  });
});

test.each([
  'https://cinder.example:8776',
  'https://cinder.example:8776/v3/',
  'https://cinder.example/v2/a1',
  'http://cinder.example/v3/a1',
  'https://user:pass@cinder.example/v3/a1',
  'https://cinder.example/v3/a1?project=',
  'nowhere',
])('%s is no address of Cinder', (place) => {
  expect(() => openTarget(`cinder:${place}`, LOCAL_ACCESS)).toThrow(expect.objectContaining({exitCode: 2}));
});
