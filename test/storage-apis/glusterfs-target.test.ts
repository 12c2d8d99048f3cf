import {chmod, mkdir, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';

import fc from 'fast-check';
import {afterEach, describe, expect, test, vi} from 'vitest';

import {
  journalPath,
  knowPlan,
  openJournal,
  openTarget,
  previewRelease,
  releaseBuffer,
  releaseId,
  rollBack,
  type StorageTarget,
} from '../../src/lib/storage-apis/index.js';
import {parseReserve, reserveText} from '../../src/lib/storage-apis/gluster/gluster-reserve.js';
import {readXml} from '../../src/lib/storage-apis/gluster/read-xml.js';
import {openGlusterfs} from '../../src/lib/storage-apis/targets/glusterfs.js';
import {emptyBrick} from './beds/glusterfs-bed.js';
import {glusterStandIn, type StandInVolume} from './beds/gluster-stand-in.js';
import {ACCESS, ACTOR, apply, buildPlan, type Bytes, containing, RULES, temporaryFolder} from './builders.js';

const RECORDED = path.join(import.meta.dirname, 'fixtures', 'gluster-10.3');

afterEach(() => {
  vi.unstubAllEnvs();
});

async function open(volumes: Readonly<Record<string, StandInVolume>>, place = 'vol0,vol1') {
  const stand = glusterStandIn(volumes);
  const target = openGlusterfs(place, {...ACCESS, stateFolder: await temporaryFolder()}, stand.run);
  return {...stand, target};
}

async function told(target: StorageTarget, reserves: Bytes) {
  const {wanted, losses} = await target.express(buildPlan([], reserves));
  return {wanted: wanted.map(({setting, bytes}) => [setting, bytes]), losses};
}

describe('what a value of storage.reserve means', () => {
  test.each([
    ['1 (DEFAULT)', {kind: 'percent', percent: 1, isDefault: true, text: '1'}],
    ['5%', {kind: 'percent', percent: 5, isDefault: false, text: '5%'}],
    ['2.5%', {kind: 'percent', percent: 2.5, isDefault: false, text: '2.5%'}],
    ['99', {kind: 'percent', percent: 99, isDefault: false, text: '99'}],
    ['100', {kind: 'bytes', bytes: 100}],
    ['150', {kind: 'bytes', bytes: 150}],
    ['0', {kind: 'bytes', bytes: 0}],
    ['300mb', {kind: 'bytes', bytes: 300 * 2 ** 20}],
    ['1KB', {kind: 'bytes', bytes: 1024}],
    ['some', undefined],
    ['-5', undefined],
    ['9999999999999999999', undefined],
  ])('%s', (text, meaning) => {
    expect(parseReserve(text)).toEqual(meaning);
  });

  test('bytes are written so that they are read back as the same bytes, or not at all', () => {
    fc.assert(
      fc.property(fc.nat({max: Number.MAX_SAFE_INTEGER}), (bytes) => {
        const text = reserveText(bytes);
        if (text !== undefined) expect(parseReserve(text)).toEqual({kind: 'bytes', bytes});
        else expect(bytes).toBeLessThan(100);
      }),
      {examples: [[0], [1], [99], [100], [1023]], seed: 1},
    );
  });
});

describe('one reserve for all bricks of a volume', () => {
  const host = fc.constantFrom('h1', 'h2', 'h3', 'h4');
  const device = fc.constantFrom('/dev/a', '/dev/b');
  const bricks = fc
    .uniqueArray(fc.tuple(host, device, fc.constantFrom('/x', '/y')), {
      minLength: 1,
      selector: (brick) => brick.join(' '),
    })
    .map((all) => all.map(([on, dev, path]) => emptyBrick(on, `${dev}${path}`, {device: dev})));
  const reserves = fc.tuple(...Array.from({length: 4}, () => fc.nat({max: 1e11})));

  test('is the least that holds on every host what the plan wants there, on file systems that it does not count twice', async () => {
    const {target, volumes} = await open({vol0: {id: 'a', replicas: 1, bricks: []}}, 'vol0');
    await fc.assert(
      fc.asyncProperty(bricks, reserves, async (on, wants) => {
        Object.assign(volumes['vol0']!, {bricks: on});
        const plan = buildPlan(
          [],
          wants.map((bytes, index) => [`h${index + 1}`, bytes]),
        );
        const bytes = (await target.express(plan)).wanted[0]?.bytes ?? 0;
        const heldOn = (each: number, name: string): number =>
          each * new Set(on.filter((brick) => brick.host === name).map((brick) => brick.device)).size;
        const holds = (each: number): boolean =>
          plan.hosts.every(
            (one) =>
              on.every((brick) => brick.host !== one.host) || heldOn(each, one.host) >= one.reserveBytes,
          );
        expect(holds(bytes)).toBe(true);
        if (bytes > 1024) expect(holds(bytes - 1)).toBe(false);
      }),
      {seed: 1},
    );
  });

  test('what that loses is told: too much, several volumes, hosts unknown to the plan, hosts without a brick, a full brick', async () => {
    const {target} = await open({
      vol0: {
        id: 'a',
        replicas: 2,
        bricks: [emptyBrick('h1'), emptyBrick('h2', '/b1', {freeBytes: 4000}), emptyBrick('hx')],
      },
      vol1: {id: 'b', replicas: 1, bricks: [emptyBrick('h1', '/b2', {device: '/dev/vdc'})]},
    });
    const {wanted, losses} = await told(target, [
      ['h1', 5000],
      ['h2', 2000],
      ['h9', 7],
    ]);
    expect(wanted).toEqual([
      ['vol0', 5000],
      ['vol1', 5000],
    ]);
    expect(losses).toEqual([
      containing('8000 bytes more are held'),
      containing('vol0 has bricks on hx, which the plan does not know'),
      containing('5000 bytes on h2:/b1: it has 4000 bytes free'),
      containing('on h1 each of vol0, vol1 holds 5000 bytes'),
      containing('7 bytes on h9: no brick'),
    ]);
  });

  test('that no brick of the volume could hold leaves it as it is, as does a plan that knows none of its hosts', async () => {
    const arbiter = emptyBrick('h3', '/arbiter', {sizeBytes: 4000, isArbiter: true});
    const {target} = await open({
      vol0: {id: 'a', replicas: 3, bricks: [emptyBrick('h1'), emptyBrick('h2'), arbiter]},
      vol1: {id: 'b', replicas: 1, bricks: [emptyBrick('hx')]},
    });
    expect(await told(target, [['h1', 5000]])).toEqual({
      wanted: [],
      losses: [
        containing('vol0, which stays as it is: h3:/arbiter has 4000 bytes in all'),
        containing('vol1: the plan knows none'),
      ],
    });
    expect(await told(target, [['h1', 3000]])).toMatchObject({wanted: [['vol0', 3000]]});
    expect(await told(target, [['h1', 3]])).toMatchObject({wanted: [['vol0', 1024]]});
  });

  test('hosts of the topology may be bricks; those on one file system are told', async () => {
    const bricks = [emptyBrick('h1', '/b1'), emptyBrick('h1', '/b2'), emptyBrick('h2', '/b1')];
    const {target} = await open({vol0: {id: 'a', replicas: 1, bricks}}, 'vol0?hosts=bricks');
    expect(target.name).toBe('glusterfs:vol0?hosts=bricks');
    const {wanted, losses} = await told(target, [
      ['h1/b1', 6000],
      ['h1/b2', 6000],
      ['h2/b1', 6000],
    ]);
    expect([wanted, losses]).toEqual([
      [['vol0', 6000]],
      [containing('h1/b1, h1/b2: they share a file system')],
    ]);
    expect([...(await target.readInventory()).capacityBytes!.keys()]).toEqual(['h1/b1', 'h1/b2', 'h2/b1']);
  });
});

test('the inventory counts a file system once, and of two volumes on a host what the lesser holds', async () => {
  const half = {freeBytes: 4e11};
  const {target} = await open({
    vol0: {id: 'a', replicas: 1, reserve: '5GB', bricks: [emptyBrick('h1', '/b1', half), emptyBrick('h2')]},
    vol1: {
      ...{id: 'b', replicas: 1, reserve: '10%'},
      bricks: [emptyBrick('h1', '/b2', half), emptyBrick('h1', '/b3', {device: '/dev/vdc', sizeBytes: 1e11})],
    },
  });
  expect(await target.readInventory()).toMatchObject({
    lineage: 'a+b',
    settings: new Map([
      ['vol0', 5 * 2 ** 30],
      ['vol1', 1e10],
    ]),
    reserveBytes: new Map([
      ['h1', 5 * 2 ** 30],
      ['h2', 5 * 2 ** 30],
    ]),
    usedBytes: new Map([
      ['h1', 6e11 + (1e11 - 1e12)],
      ['h2', 0],
    ]),
    troubles: [],
  });
});

test('a brick that is down, one to be repaired and one whose state is not known are troubles', async () => {
  const {target} = await open(
    {
      vol0: {
        ...{id: 'a', replicas: 2},
        bricks: [emptyBrick('h1', '/b1', {toHeal: 3}), emptyBrick('h2', '/b1', {isOnline: false})],
      },
    },
    'vol0',
  );
  expect((await target.readInventory()).troubles).toEqual([
    'brick h2:/b1 of vol0 is down',
    'vol0, brick h1:/b1: 3 files are to be repaired',
    'vol0, brick h2:/b1: how much is to be repaired is not known',
  ]);
});

test('a rollback writes the percentage of before, and the default as the default, also after a second plan', async () => {
  const {target, volumes, changes} = await open({
    vol0: {id: 'a', replicas: 2, bricks: [emptyBrick('h1')]},
    vol1: {id: 'b', replicas: 2, reserve: '2.5%', bricks: [emptyBrick('h2')]},
  });
  const plans = [
    buildPlan(
      [],
      [
        ['h1', 3e10],
        ['h2', 4e10],
      ],
    ),
    buildPlan(
      [],
      [
        ['h1', 6e10],
        ['h2', 7e10],
      ],
    ),
  ];
  for (const plan of plans) await apply(plan, target);
  expect(changes.slice(0, 2)).toEqual([
    'volume set vol0 storage.reserve 30000000000',
    'volume set vol1 storage.reserve 40000000000',
  ]);
  for (const plan of plans.reverse()) {
    const journal = await openJournal(journalPath(target.journalFolder, knowPlan(plan, 'plan').sha256));
    await rollBack(target, journal, RULES);
  }
  expect(Object.values(volumes).map(({reserve}) => reserve)).toEqual([undefined, '2.5%']);
});

test('a volume that was made again under its name is not touched, nor one that somebody changed meanwhile', async () => {
  const {target, volumes, changes} = await open(
    {vol0: {id: 'a', replicas: 2, reserve: '7000', bricks: [emptyBrick('h1')]}},
    'vol0',
  );
  const change = {setting: 'vol0', fromBytes: 7000, toBytes: 9000, planSha256: 'p', actor: ACTOR};
  const other = target.set({...change, expected: {lineage: 'older', serial: 0}});
  await expect(other).rejects.toMatchObject({exitCode: 5, code: 'other-lineage'});
  volumes['vol0']!.reserve = '8000';
  const moved = target.set({...change, expected: {lineage: 'a', serial: 0}});
  await expect(moved).rejects.toMatchObject({exitCode: 5, code: 'target-moved'});
  expect(changes).toEqual([]);
});

test('a lost rack releases the reserve of the volumes that have bricks elsewhere, and no other', async () => {
  const {target, volumes} = await open({
    vol0: {id: 'a', replicas: 2, reserve: '5000', bricks: [emptyBrick('h1'), emptyBrick('h2')]},
    vol1: {id: 'b', replicas: 1, reserve: '6000', bricks: [emptyBrick('h2')]},
  });
  const boundary = {demandBytes: 0, requiredBytes: 0, heldBytes: 0, stuckBytes: 0, reason: ''};
  const plan = buildPlan(
    [],
    [
      ['h1', 5000],
      ['h2', 6000],
    ],
    {boundaries: [{...boundary, scenario: 'rack/r2', hosts: ['h2']}]},
  );
  const known = knowPlan(plan, 'plan');
  expect((await previewRelease(known, 'rack/r2', target, [])).pending).toMatchObject([{setting: 'vol0'}]);
  const journal = await openJournal(journalPath(target.journalFolder, releaseId(known, 'rack/r2')));
  await releaseBuffer(known, 'rack/r2', target, journal, RULES);
  expect(Object.values(volumes).map(({reserve}) => reserve)).toEqual(['0', '6000']);
});

test.each(['', 'all', 'vol0,', 'vol0,-x', 'a b', 'vol0?hosts=racks', '../x'])(
  '"%s" names no volumes',
  (place) => {
    expect(() => openTarget(`glusterfs:${place}`, ACCESS)).toThrow(expect.objectContaining({exitCode: 2}));
  },
);

test('volumes that are not there or not started are told together', async () => {
  const {target} = await open({vol1: {id: 'b', replicas: 1, isStarted: false, bricks: [emptyBrick('h1')]}});
  await expect(target.readInventory()).rejects.toMatchObject({
    exitCode: 6,
    diagnostics: [
      {at: 'vol0', message: 'there is no such volume'},
      {at: 'vol1', message: 'the volume is not started'},
    ],
  });
});

describe('the gluster command itself', () => {
  /** A script in its place; it writes down its arguments, one call a line. */
  async function place(script: string): Promise<{target: StorageTarget; calls: () => Promise<string[]>}> {
    const folder = await temporaryFolder();
    const [bin, calls] = [path.join(folder, 'bin'), path.join(folder, 'calls')];
    await mkdir(bin);
    await writeFile(path.join(bin, 'gluster'), `#!/bin/sh\necho "$*" >> ${calls}\n${script}\n`);
    await chmod(path.join(bin, 'gluster'), 0o755);
    vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`);
    const access = {...ACCESS, stateFolder: folder, timeoutMs: 5000};
    return {
      target: openTarget('glusterfs:vol0', access),
      calls: async () => (await readFile(calls, 'utf8')).trim().split('\n'),
    };
  }
  const change = {setting: 'vol0', toBytes: 314_572_800, planSha256: 'p', actor: ACTOR};
  const answers = `case "$*" in
    *'volume info') cat ${RECORDED}/info.xml;;
    *detail) cat ${RECORDED}/status-detail.xml;;
    *'info summary') cat ${RECORDED}/heal-down.xml;;
    *'get vol0 storage.reserve') cat ${RECORDED}/get-default.xml;;`;

  test('is read as GlusterFS 10.3 wrote it with a brick down, and asked to set plain bytes', async () => {
    const {target, calls} = await place(`${answers} *) cat ${RECORDED}/set.xml;; esac`);
    const inventory = await target.readInventory();
    expect(inventory.troubles).toEqual([
      'brick 198.51.100.2:/bricks/b2/brick of vol0 is down',
      'vol0, brick 198.51.100.1:/bricks/b1/brick: 4 files are to be repaired',
      'vol0, brick 198.51.100.2:/bricks/b2/brick: how much is to be repaired is not known',
    ]);
    const [sizeBytes] = inventory.capacityBytes!.values();
    const fromBytes = Math.floor(sizeBytes! / 100);
    expect([...inventory.settings]).toEqual([['vol0', fromBytes]]);
    await target.set({...change, fromBytes, expected: inventory});
    expect((await calls()).at(-1)).toBe('--mode=script --xml volume set vol0 storage.reserve 314572800');
  });

  test('refuses with exit code 0, and is believed', async () => {
    const {target} = await place(`cat ${RECORDED}/no-volume.xml`);
    await expect(target.read('vol0')).rejects.toMatchObject({
      exitCode: 6,
      message: containing('Volume nosuch does not exist'),
    });
  });

  test('is asked again while another command has the volume', async () => {
    const busy = `<cliOutput><opRet>-1</opRet><opErrno>30802</opErrno><opErrstr>Another transaction is in progress for vol0. Please try again after some time.</opErrstr></cliOutput>`;
    const {target, calls} = await place(`echo '${busy}'; exit 1`);
    await expect(target.read('vol0')).rejects.toMatchObject({code: 'gluster-busy'});
    expect(await calls()).toHaveLength(ACCESS.retry.attempts);
  });

  test('that hangs, loses glusterd or fails on some peers leaves a change open, and a reading undone', async () => {
    const inventory = await (await place(`${answers} esac`)).target.readInventory();
    const [fromBytes = 0] = [...inventory.settings.values()].map(Number);
    const ends = [
      'exec sleep 60',
      'echo "Connection failed. Please check if gluster daemon is operational."; exit 1',
      'echo "<cliOutput><opRet>-1</opRet><opErrstr>Commit failed on h2.</opErrstr></cliOutput>"',
      'echo "<cliOutput><opRet>0</op"',
    ];
    for (const end of ends) {
      const {stateFolder} = {stateFolder: await temporaryFolder()};
      await place(`${answers} *) ${end};; esac`);
      const target = openTarget('glusterfs:vol0', {...ACCESS, stateFolder, timeoutMs: 1500});
      const set = target.set({...change, fromBytes, expected: inventory});
      await expect(set, end).rejects.toMatchObject({name: 'OpenTargetError', exitCode: 6});
    }
  });

  test('that is not installed names the package', async () => {
    vi.stubEnv('PATH', await temporaryFolder());
    await expect(openTarget('glusterfs:vol0', ACCESS).read('vol0')).rejects.toMatchObject({
      exitCode: 6,
      hints: expect.arrayContaining([containing('glusterfs-cli')]) as unknown,
    });
  });
});

test('XML is read strictly', () => {
  expect(readXml('<?xml version="1.0"?><a x="1"><b>1 &lt; &#50;&amp;&#x33;</b><b/> </a>')).toEqual({
    name: 'a',
    text: '',
    children: [
      {name: 'b', text: '1 < 2&3', children: []},
      {name: 'b', text: '', children: []},
    ],
  });
  for (const bad of [
    '',
    'x',
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '<a>&x;</a>',
    '<a>& </a>',
    '<!DOCTYPE a><a/>',
    '</a>',
  ])
    expect(() => readXml(bad), bad).toThrow();
});
