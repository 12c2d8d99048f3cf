import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import PlanVerify from '../../src/commands/plan/verify.js';
import {hasCertificate, type Plan, verifyPlan} from '../../src/lib/allocation/index.js';
import {readTopology, type Topology} from '../../src/lib/topology/index.js';
import {runCommand} from '../support/run-command.js';
import {runForeshadow} from '../support/run-foreshadow.js';
import {planFor} from './plan-support.js';

const TOPOLOGY = `kind: topology
version: 1
hosts:
  - id: a
    labels: {rack: r0}
    devices: [{id: s, capacity: 100GB, tier: ssd}, {id: h, capacity: 400GB, tier: hdd}]
  - {id: b, capacity: 100GB, tier: ssd, labels: {rack: r1}}
  - {id: c, capacity: 100GB, tier: ssd, labels: {rack: r2}}
  - {id: d, capacity: 900GB, tier: hdd, labels: {rack: r3}}
  - {id: e, capacity: 100GB, tier: ssd, labels: {rack: r3}}
volumes:
  - {id: v, replicas: [a/s, b], antiAffinity: [rack], tier: ssd, used: 30GB}
  - {id: w, replicas: [b, c], antiAffinity: [rack], tier: ssd, used: 20GB}
  - {id: x, replicas: [a/h, c], used: 10GB}
`;
let folder = '';
let topology: Topology;
let plan: Plan;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-verify-'));
  await writeFile(path.join(folder, 'cluster.yaml'), TOPOLOGY);
  topology = await readTopology(path.join(folder, 'cluster.yaml'));
  plan = await planFor(topology);
});
afterAll(async () => {
  await rm(folder, {recursive: true});
});

function problemsOf(changed: Plan, of = topology): readonly string[] {
  if (!hasCertificate(changed)) throw new Error('no certificate');
  return verifyPlan(changed, of).map(({scenario, message}) => `${scenario}: ${message}`);
}

describe('verifyPlan', () => {
  it('accepts what was planned, with devices and tiers', () => {
    expect(plan.feasible).toBe(true);
    expect(problemsOf(plan)).toEqual([]);
    const tierOf = new Map(topology.hosts.map(({id, tier}) => [id, tier]));
    const placements = plan.certificate?.flatMap((one) => one.placements) ?? [];
    expect(placements.filter(([volume]) => volume !== 'x').map(([, host]) => tierOf.get(host))).not.toContain(
      'hdd',
    );
    expect(placements.some(([volume]) => volume === 'x')).toBe(true);
  });

  it('refuses a byte less of reserve, smaller volumes, and a demand that is told too low', () => {
    const held = plan.hosts.find(({reserveBytes}) => reserveBytes > 0)!;
    const less = plan.hosts.map((row) => (row === held ? {...row, reserveBytes: row.reserveBytes - 1} : row));
    expect(problemsOf({...plan, hosts: less}).join('\n')).toContain(`host ${held.host} would take`);
    const smaller = plan.volumes!.map((row) => (row.volume === 'v' ? {...row, bytes: 1} : row));
    expect(problemsOf({...plan, volumes: smaller}).join('\n')).toMatch(
      /in rack\/r0 .* bytes are lost, the plan says /,
    );
    const hidden = plan.boundaries.map((row) => ({...row, demandBytes: 0}));
    expect(problemsOf({...plan, boundaries: hidden}).join('\n')).toContain('the plan says 0');
  });

  it('refuses copies on another tier or in the same host, and scenarios left out', () => {
    const moved = plan.certificate!.map((one) => ({
      ...one,
      placements: one.placements.map(([volume, host]): [string, string] =>
        one.scenario === 'rack/r1' && volume === 'v' ? [volume, 'd'] : [volume, host],
      ),
    }));
    expect(problemsOf({...plan, certificate: moved})).toContain(
      'rack/r1: volume v of tier ssd would have a copy on d',
    );
    const beside = plan.certificate!.map((one) =>
      one.scenario === 'host/c'
        ? {
            ...one,
            placements: one.placements.map(([volume, host]): [string, string] => [
              volume,
              volume === 'x' ? 'a/s' : host,
            ]),
          }
        : one,
    );
    expect(problemsOf({...plan, certificate: beside})).toContain(
      'host/c: volume x would have two copies on host a',
    );
    expect(problemsOf({...plan, certificate: plan.certificate!.slice(1)})[0]).toMatch(/bytes are lost/);
  });

  it('refuses a plan for another topology, with wrong rooms, or with a verdict that is not its own', () => {
    const other = {
      ...topology,
      serial: 'f'.repeat(64),
      hosts: topology.hosts.map((host) => ({...host, capacityBytes: 1})),
    };
    expect(problemsOf(plan, other)[0]).toMatch(
      /^: the plan was made for topology [0-9a-f]{12}, this one is ffffffffffff$/,
    );
    expect(problemsOf(plan, other)).toContain(': host b has 1 bytes, the plan reckons with 100000000000');
    const roomier = plan.hosts.map((row) => ({...row, roomBytes: row.roomBytes + 1}));
    expect(problemsOf({...plan, hosts: roomier})[0]).toMatch(
      /^: host a\/s has room for \d+ bytes, the plan says \d+$/,
    );
    expect(problemsOf({...plan, feasible: false})).toEqual([
      ': the plan says that it is not feasible, but its certificate is in order',
    ]);
  });
});

describe('foreshadow plan verify', () => {
  it('exits with 0 or 4, and with 3 when there is no certificate', async () => {
    const run = (name: string, ...flags: string[]): ReturnType<typeof runCommand> => {
      const [file, topology] = [name, 'cluster.yaml'].map((one) => path.join(folder, one));
      return runCommand(PlanVerify, [`${file}`, '--topology', `${topology}`, ...flags]);
    };
    await writeFile(path.join(folder, 'good.json'), JSON.stringify(plan));
    const worse = {...plan, hosts: plan.hosts.map((row) => ({...row, reserveBytes: 0}))};
    await writeFile(path.join(folder, 'bad.json'), JSON.stringify(worse));
    const {certificate, ...bare} = plan;
    expect(certificate).toBeDefined();
    await writeFile(path.join(folder, 'bare.json'), JSON.stringify(bare));
    const good = await run('good.json');
    // The built program, which knows the command's name.
    const args = ['plan', 'verify', 'bad.json', '--topology', 'cluster.yaml', '--json'];
    const bad = await runForeshadow(args, {cwd: folder});
    const none = await run('bare.json');
    expect(good).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('good.json: accepted: ') as string,
    });
    expect(bad.exitCode).toBe(4);
    expect(JSON.parse(bad.stdout)).toMatchObject({accepted: false, command: 'plan:verify'});
    expect(none).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/foreshadow plan --certificate --out \S*bare\.json/) as string,
    });
  });
});
