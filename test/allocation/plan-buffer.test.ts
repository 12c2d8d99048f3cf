import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterEach, beforeEach, describe, expect, it} from 'vitest';

import {PLAN_KIND} from '../../src/lib/allocation/index.js';
import {parseArtifact, type Series} from '../../src/lib/core/index.js';
import type {PlanStore} from '../../src/lib/workflows/foresee-usage.js';
import {planBuffer, type PlanBufferOptions} from '../../src/lib/workflows/plan-buffer.js';
import {SETTINGS} from './plan-support.js';

const HOUR_US = 3_600_000_000;
const NOW_US = Date.parse('2026-03-01T00:00:00Z') * 1000;
const HOURS = 21 * 24;
const START_US = NOW_US - HOURS * HOUR_US;

const TOPOLOGY = `kind: topology
version: 1
hosts:
  - {id: a, capacity: 100GiB, labels: {rack: r0}}
  - {id: b, capacity: 100GiB, labels: {rack: r1}}
  - {id: c, capacity: 100GiB, labels: {rack: r2}}
  - {id: d, capacity: 100GiB, labels: {rack: r3}}
volumes:
  - {id: daily, replicas: [a, b], antiAffinity: [rack]}
  - {id: still, replicas: [b, c], antiAffinity: [rack], used: 5GiB}
`;

/** Half a cosine a day between 4 and 8 GiB, lowest at midnight. */
function daily(step: number): number {
  return Math.round(2 ** 30 * (6 - 2 * Math.cos((2 * Math.PI * step) / 24)));
}

/** A store of one volume, whose history ends at NOW_US. */
function storeOf(id: string): PlanStore {
  return {
    info: () => ({firstUs: START_US, endUs: NOW_US, batches: [{batchId: 'one'}]}),
    readSeries: ({fromUs = START_US, toUs = NOW_US}) => {
      const first = Math.round((fromUs - START_US) / HOUR_US);
      const values = Float64Array.from({length: Math.round((toUs - fromUs) / HOUR_US)}, (_, step) =>
        daily(first + step),
      );
      const series: Series = {id, startUs: fromUs, stepSeconds: 3600, values};
      return Promise.resolve([series]);
    },
    close: () => undefined,
  };
}

describe('planBuffer', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-plan-'));
    await writeFile(path.join(folder, 'cluster.yaml'), TOPOLOGY);
  });
  afterEach(async () => {
    await rm(folder, {recursive: true});
  });

  function options(change: Partial<PlanBufferOptions> = {}): PlanBufferOptions {
    return {
      storePath: 'store',
      openStore: () => Promise.resolve(storeOf('daily')),
      topologyPath: path.join(folder, 'cluster.yaml'),
      policy: 'shared',
      settings: SETTINGS,
      model: {kind: 'fit', model: 'seasonal-naive', granularity: 'hourly'},
      horizon: {seconds: 86_400},
      validForSeconds: 3600,
      withCertificate: false,
      withCoverage: false,
      withLaunches: true,
      withSuddenGrowth: false,
      nowUs: NOW_US,
      seed: 1,
      tool: 'foreshadow/test',
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...change,
    };
  }

  it('reserves for the peak to come, not for the trough of now, and writes the plan', async () => {
    const out = path.join(folder, 'plan.json');
    const {plan} = await planBuffer(options({out}));
    expect(plan.feasible).toBe(true);
    const need = plan.boundaries.find(({scenario}) => scenario === 'rack/r0');
    // The last value is that of 23 o'clock, about 4.1 GiB; the peak is 8 GiB.
    expect(need?.demandBytes).toBeGreaterThan(7.9 * 2 ** 30);
    expect(need?.demandBytes).toBeLessThan(8.1 * 2 ** 30);
    expect(plan.warnings).toEqual([
      'no history of 1 volumes: the use that the topology states is taken, and no growth (still)',
    ]);
    expect(plan.inputs.map(({kind, name}) => [kind, path.basename(name)])).toEqual([
      ['store', 'store'],
      ['model', 'seasonal-naive'],
      ['topology', 'cluster.yaml'],
    ]);
    expect(parseArtifact(await readFile(out, 'utf8'), out, PLAN_KIND)).toEqual(plan);
    const again = await planBuffer(options());
    expect(again.plan).toEqual(plan);
  });

  it('holds for volumes to come, as they came, unless told not to', async () => {
    // The other volume comes in the second week.
    const store = (): PlanStore => {
      const [one, other] = [storeOf('daily'), storeOf('still')];
      return {
        ...one,
        readSeries: async (query, metric) => {
          const come = (await other.readSeries(query, metric)).map((series) => ({
            ...series,
            values: series.values.map((bytes, step) => (step < 9 * 24 ? Number.NaN : bytes)),
          }));
          return [...(await one.readSeries(query, metric)), ...come];
        },
      };
    };
    const openStore = (): Promise<PlanStore> => Promise.resolve(store());
    const {plan} = await planBuffer(options({openStore, withCoverage: true}));
    expect(plan.launches).toMatchObject({tiers: [{seenVolumes: 1}], shortBytes: 0});
    expect(plan.launches?.addsBytes).toBeGreaterThan(2 ** 30);
    // Nothing else is known to need the hosts that hold for them alone.
    const reasons = plan.hosts.map(({reason}) => reason).join('\n');
    expect(reasons).toMatch(/^no known volume needs it; .* for volumes to come$/m);
    const without = await planBuffer(options({openStore, withLaunches: false}));
    expect(without.plan.launches).toBeUndefined();
    const held = (of: typeof plan): number => of.hosts.reduce((sum, {reserveBytes}) => sum + reserveBytes, 0);
    expect(held(plan) - held(without.plan)).toBe(plan.launches?.addsBytes);
    expect(plan.feasible).toBe(true);
    const {plan: static20} = await planBuffer(options({openStore, policy: 'static'}));
    expect(static20.launches).toBeUndefined();
  });

  it.each([
    {what: 'as many as ever', lastDay: 1, perSecond: 3},
    {what: 'rising', lastDay: 4, perSecond: 12},
    {what: 'falling', lastDay: 0.5, perSecond: 3 * (6.5 / 7)},
  ])('ranks by the requests of the last week, or of a busier last day: $what', async (requested) => {
    const {lastDay, perSecond} = requested;
    const scarce = path.join(folder, 'scarce.yaml');
    const small = TOPOLOGY.replaceAll('100GiB', '14GiB').replace('used: 5GiB', 'used: 9GiB');
    await writeFile(scarce, small.replace('version: 1', 'version: 1\npriority: {access: 1}'));
    const store = storeOf('daily');
    const openStore = (): Promise<PlanStore> =>
      Promise.resolve({
        ...store,
        readSeries: async (query, metric) => {
          const series = await store.readSeries(query, metric);
          if (metric === 'used-bytes') return series;
          const requests = metric === 'reads' ? 7200 : 3600;
          return series.flatMap((one) => {
            const values = new Float64Array(one.values.length).fill(requests);
            values.fill(lastDay * requests, -24);
            return ['daily', 'still'].map((id) => ({...one, id, values}));
          });
        },
      });
    const {plan} = await planBuffer(options({openStore, topologyPath: scarce}));
    expect(plan.feasible).toBe(false);
    expect(plan.waiting?.weights).toEqual({growth: 0, access: 1});
    const rates = new Map(plan.waiting?.volumes.map((row) => [row.volume, row.accessPerSecond]));
    expect(rates.size).toBeGreaterThan(0);
    for (const rate of rates.values()) expect(rate).toBeCloseTo(perSecond, 6);
  });

  it('tells the changes against what the target holds, and of hosts there that the topology does not know', async () => {
    const {plan} = await planBuffer(options({target: `file:${path.join(folder, 'buffers.json')}`}));
    expect(plan.basis).toMatchObject({serial: 0});
    expect(plan.changes.length).toBeGreaterThan(0);
    expect(plan.changes.every(({action, fromBytes}) => action === 'allocate' && fromBytes === 0)).toBe(true);
    expect(plan.inputs.at(-1)?.kind).toBe('target');
  });

  it('tells of buffers on hosts that the topology does not know, but not of devices of those that it knows', async () => {
    const place = path.join(folder, 'strange.json');
    const buffers = [
      {host: 'a/disk', bytes: 1},
      {host: 'z', bytes: 2},
      {host: 'z/disk', bytes: 2},
    ];
    const header = {kind: 'foreshadow.ledger', version: 1, tool: 'test', createdAt: '2026-01-01T00:00:00Z'};
    await writeFile(place, JSON.stringify({...header, lineage: 'l', serial: 1, buffers}));
    const {plan} = await planBuffer(options({target: `file:${place}`}));
    expect(plan.warnings?.filter((warning) => warning.includes('does not know'))).toEqual([
      'the target holds buffers on 2 hosts that the topology does not know; they stay: z, z/disk',
    ]);
  });

  it('writes a plan that does not cover everything, too, and says so', async () => {
    const out = path.join(folder, 'plan.json');
    const {plan} = await planBuffer(
      options({policy: 'static', settings: {...SETTINGS, staticShare: 0.01}, out}),
    );
    expect(plan.feasible).toBe(false);
    expect(plan.uncovered.length).toBeGreaterThan(0);
    expect(parseArtifact(await readFile(out, 'utf8'), out, PLAN_KIND).feasible).toBe(false);
  });

  it('makes the horizon of lead, review and the longest repair within it', async () => {
    const horizon = {leadSeconds: 3600, reviewSeconds: 7200, recoveryBytesPerSecond: 2 ** 20};
    const {plan} = await planBuffer(options({horizon}));
    // The volume grows from 4.1 GiB at 23 o'clock to 8 GiB at noon: the longer it takes, the more there is to copy.
    const {repairSeconds, demandBytes, ...terms} = plan.horizon ?? {};
    expect(terms).toEqual({...horizon, scenario: 'rack/r1', hostCount: 3});
    expect(plan.boundaries.find(({scenario}) => scenario === 'rack/r1')?.demandBytes).toBe(demandBytes);
    expect(plan.settings.horizonSeconds).toBe(10_800 + (repairSeconds ?? 0));
    const slow = await planBuffer(
      options({horizon: {...horizon, recoveryBytesPerSecond: 2 ** 18}, withCertificate: true}),
    );
    expect(slow.plan.horizon?.demandBytes).toBeGreaterThan(demandBytes ?? Infinity);
    expect(slow.plan.horizon?.repairSeconds).toBeGreaterThan(4 * (repairSeconds ?? Infinity));
  });

  it('takes the recovery rate of the topology where none is given, and cannot do without', async () => {
    const horizon = {leadSeconds: 0, reviewSeconds: 3600};
    await expect(planBuffer(options({horizon}))).rejects.toMatchObject({
      exitCode: 2,
      code: 'no-recovery-rate',
    });
    const stated = path.join(folder, 'stated.yaml');
    await writeFile(stated, TOPOLOGY.replace('version: 1', 'version: 1\nrecoveryRate: 4MiB/s'));
    const {plan} = await planBuffer(options({horizon, topologyPath: stated}));
    expect(plan.horizon?.recoveryBytesPerSecond).toBe(4 * 2 ** 20);
  });

  it('refuses a volume of which neither history nor size is known, an unknown policy and an unknown target', async () => {
    const stranger = options({openStore: () => Promise.resolve(storeOf('stranger'))});
    await expect(planBuffer(stranger)).rejects.toMatchObject({exitCode: 3, code: 'usage-unknown'});
    await expect(planBuffer(options({policy: 'nightly'}))).rejects.toMatchObject({exitCode: 2});
    await expect(planBuffer(options({target: 'ceph'}))).rejects.toMatchObject({exitCode: 2});
  });
});
