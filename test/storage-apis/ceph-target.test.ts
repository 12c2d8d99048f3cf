import {expect, test} from 'vitest';

import {openTarget} from '../../src/lib/storage-apis/index.js';
import {cephBed, cephPlan, fakeCeph, openCeph} from './beds/ceph-bed.js';
import {ACCESS, apply, buildPlan, containing} from './builders.js';

const GIB = 2 ** 30;

test('quotas leave the reserve and what a lost rack needs: the numbers by hand', async () => {
  const fake = await fakeCeph();
  const {wanted, losses} = await (await openCeph(fake)).express(cephPlan(GIB / 4));
  // Of each 2 GiB OSD 1,741 MiB may be filled (the plan's fill limit) and 297,000 KiB are overhead. vol-rack (2 copies in
  // 3 racks) puts 1/2 of a stored byte on an OSD once a rack is lost, vol-host (3 copies on 6 hosts) 3/4; empty pools get
  // as much each. The fullest survivor has 15 groups where the mean is 82 / 6.
  const sums = wanted.map(({bytes}) => bytes ?? 0);
  const rawPerByte = (1 / 2 + 3 / 4) * (15 / (82 / 6));
  const usable = 1741 * 2 ** 20 - 297_096 * 1024;
  expect(wanted.map(({setting}) => setting)).toEqual(['pool/vol-rack', 'pool/vol-host']);
  expect(sums[0]).toBe(sums[1]);
  expect(Math.abs((sums[0] ?? 0) - usable / rawPerByte)).toBeLessThan(8 * 2 ** 20);
  expect(losses).toEqual([containing('after the loss of rack/rack')]);
});

test('a larger reserve than what a loss needs makes the quotas smaller, and the tightest place is named', async () => {
  const fake = await fakeCeph();
  const target = await openCeph(fake);
  const [small, large] = [await target.express(cephPlan(GIB / 4)), await target.express(cephPlan(GIB))];
  expect(large.wanted[0]?.bytes).toBeLessThan((small.wanted[0]?.bytes ?? 0) * 0.8);
  expect(large.wanted[0]?.reason).toContain('the reserve in host');
});

test('what is stored already can leave too little room: that is refused, with where and how much', async () => {
  const fake = await fakeCeph();
  for (const pool of fake.pools.values()) pool.stats.stored.latest = 3 * GIB;
  const target = await openCeph(fake);
  await expect(target.express(cephPlan(GIB / 4))).rejects.toMatchObject({
    exitCode: 4,
    code: 'no-room-for-quota',
    message: containing('lacks'),
  });
});

test('a plan with hosts that the cluster does not have is stale, and each is named', async () => {
  const target = await openCeph(await fakeCeph());
  await expect(
    target.express(
      buildPlan(
        [],
        [
          ['host0/osd.0', 1],
          ['host0/osd.9', 1],
          ['gone', 1],
        ],
      ),
    ),
  ).rejects.toMatchObject({exitCode: 5, diagnostics: [{at: 'host host0/osd.9'}, {at: 'host gone'}]});
});

test('a wrong password is told once and never tried again, without the password', async () => {
  const fake = await fakeCeph();
  const target = await openCeph(fake, 'wrong-but-secret');
  const failure = await target.readInventory().catch((error: unknown) => error);
  expect(failure).toMatchObject({exitCode: 6, code: 'not-logged-in', hints: [containing('ac-user-enable')]});
  expect(fake.wrongLogins).toBe(1);
  expect(JSON.stringify(failure) + String(failure)).not.toContain('wrong-but-secret');
});

test('a token that ran out is asked for anew, once', async () => {
  const fake = await fakeCeph();
  const target = await openCeph(fake);
  await target.readInventory();
  fake.tokens.clear();
  expect((await target.readInventory()).settings.size).toBe(2);
});

test('without credentials nothing is sent, and they are never part of the address', async () => {
  const fake = await fakeCeph();
  await expect(openTarget(`ceph:${fake.url}`, ACCESS).readInventory()).rejects.toMatchObject({
    exitCode: 2,
    code: 'no-credentials',
  });
  const withPassword = fake.url.replace('//', `//planner:${encodeURIComponent(fake.password)}@`);
  let message = '';
  try {
    openTarget(`ceph:${withPassword}`, ACCESS);
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain('more than a place');
  expect(message).not.toContain(encodeURIComponent(fake.password));
  expect(() => openTarget('ceph:http://mgr.example:8080', ACCESS)).toThrow('unencrypted');
});

test('an answer of 202 is followed until the quota is there', async () => {
  const fake = await fakeCeph();
  fake.answersLater = true;
  const plan = cephPlan(GIB / 4);
  expect((await apply(plan, await openCeph(fake))).applied).toHaveLength(2);
});

test('nothing is given back while the cluster repairs, and what is left out is told', async () => {
  const bed = await cephBed();
  await apply(bed.plans[1], bed.target);
  const fake = await fakeCeph();
  const target = await openCeph(fake);
  await apply(cephPlan(GIB), target);
  fake.checks.push({type: 'PG_DEGRADED', severity: 'HEALTH_WARN'});
  const result = await apply(cephPlan(GIB / 4), target);
  expect(result.applied).toEqual([]);
  expect(result.withheld).toMatchObject([
    {setting: 'pool/vol-rack', cause: 'unsafe-shrink', because: 'it reports PG_DEGRADED'},
    {setting: 'pool/vol-host', cause: 'unsafe-shrink'},
  ]);
});

test('pools of the manager itself get no quota', async () => {
  const {settings} = await (await openCeph(await fakeCeph())).readInventory();
  expect([...settings]).toEqual([
    ['pool/vol-rack', null],
    ['pool/vol-host', null],
  ]);
});
