import {beforeAll, describe, expect, it} from 'vitest';

import {
  type CertificateClaim,
  checkCertificate,
  hostUse,
  compileTopology,
} from '../../src/lib/allocation/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {planFor} from './plan-support.js';
import {topologyOf, usedOf} from './random-topology.js';

const topology = topologyOf({
  fillLimit: 0.9,
  hosts: ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index) => ({
    id,
    capacity: 1000,
    labels: {rack: [`r${Math.floor(index / 2)}`]},
  })),
  boundaries: [{kind: 'rack'}],
  volumes: [
    {id: 'v', replicas: ['a', 'c'], apart: ['rack'], used: 100},
    {id: 'w', replicas: ['b', 'd'], apart: ['rack'], used: 50},
  ],
});

async function claimFor(of: Topology): Promise<CertificateClaim> {
  const plan = await planFor(of);
  const volumeBytes = usedOf(of);
  return {
    topology: of,
    volumeBytes,
    scenarioFactor: new Float64Array(of.scenarios.length).fill(1),
    hostUsedBytes: hostUse(compileTopology(of), volumeBytes),
    reserveBytes: Float64Array.from(plan.hosts, ({reserveBytes}) => reserveBytes),
    certificate: plan.certificate ?? [],
  };
}

describe('checkCertificate', () => {
  let claim: CertificateClaim;
  beforeAll(async () => {
    claim = await claimFor(topology);
  });

  /** What is said when the placements of rack/r0 (hosts a and b) are these. */
  function told(
    placements: readonly (readonly [string, string])[],
    change: Partial<CertificateClaim> = {},
  ): string {
    const certificate = claim.certificate.map((entry) =>
      entry.scenario === 'rack/r0' ? {...entry, placements} : entry,
    );
    const room = {reserveBytes: new Float64Array(6).fill(500)};
    return checkCertificate({...claim, ...room, certificate, ...change})
      .map(({scenario, message}) => `${scenario}: ${message}`)
      .join('\n');
  }

  it('accepts what the plan certifies', () => {
    expect(checkCertificate(claim)).toEqual([]);
    expect(
      told([
        ['v', 'e'],
        ['w', 'e'],
      ]),
    ).toBe('');
  });

  it.each<[string, readonly (readonly [string, string])[], string]>([
    ['a copy that is placed nowhere', [['v', 'e']], 'rack/r0: volume w loses 1 copies, but 0 are placed'],
    [
      'a copy that is placed twice',
      [
        ['v', 'e'],
        ['v', 'f'],
        ['w', 'e'],
      ],
      'volume v loses 1 copies, but 2 are placed',
    ],
    [
      'a host that has failed',
      [
        ['v', 'b'],
        ['w', 'e'],
      ],
      'volume v is placed on b, which has failed',
    ],
    [
      'a host of its survivor',
      [
        ['v', 'c'],
        ['w', 'e'],
      ],
      'volume v would have two copies on host c',
    ],
    [
      'a rack of its survivor',
      [
        ['v', 'd'],
        ['w', 'e'],
      ],
      'copies on d and c, which share a rack',
    ],
    [
      'a host that is unknown',
      [
        ['v', 'x'],
        ['w', 'e'],
      ],
      'volume v is placed on x, which is no host',
    ],
    [
      'a volume that is unknown',
      [
        ['v', 'e'],
        ['w', 'e'],
        ['x', 'e'],
      ],
      'there is no volume x',
    ],
  ])('refuses %s', (_, placements, message) => {
    expect(told(placements)).toContain(message);
  });

  it('refuses a host that takes more than its reserve, by one byte', () => {
    const placements = [
      ['v', 'e'],
      ['w', 'e'],
    ] as const;
    const reserve = (bytes: number): Float64Array => Float64Array.from([500, 500, 500, 500, bytes, 500]);
    expect(told(placements, {reserveBytes: reserve(150)})).toBe('');
    expect(told(placements, {reserveBytes: reserve(149)})).toContain(
      'host e would take 150 bytes, its reserve is 149',
    );
  });

  it('refuses a reserve that the fill limit does not leave, and one that is no number', () => {
    const placements = [
      ['v', 'e'],
      ['w', 'e'],
    ] as const;
    const full = Float64Array.from([0, 0, 0, 0, 401, 0]);
    expect(told(placements, {hostUsedBytes: full})).toContain('host e cannot hold 500 bytes: 499 are left');
    expect(told(placements, {reserveBytes: new Float64Array(6).fill(NaN)})).toContain(
      'host a cannot hold NaN bytes',
    );
  });

  it('sizes volumes by the factor of the scenario, rounded up', () => {
    const scenarioFactor = claim.scenarioFactor;
    const half = Float64Array.from(scenarioFactor, () => 1.005);
    const reserveBytes = Float64Array.from([500, 500, 500, 500, 151, 500]);
    const message = told(
      [
        ['v', 'e'],
        ['w', 'e'],
      ],
      {scenarioFactor: half, reserveBytes},
    );
    expect(message).toContain('host e would take 152 bytes');
  });

  it('refuses a scenario that is missing, there twice or unknown', () => {
    const [first] = claim.certificate;
    const without = checkCertificate({...claim, certificate: claim.certificate.slice(1)});
    expect(without).toEqual([{scenario: first?.scenario, message: 'the scenario has no placement'}]);
    const twice = [...claim.certificate, first!, {scenario: 'rack/r9', placements: []}];
    expect(checkCertificate({...claim, certificate: twice}).map(({message}) => message)).toEqual([
      'the scenario is there twice',
      'the topology has no such scenario',
    ]);
  });

  it('refuses a scenario in which a volume loses every copy', async () => {
    const doomed = topologyOf({
      hosts: ['a', 'b', 'c'].map((id) => ({id, capacity: 1000})),
      boundaries: [{kind: 'pdu', id: 'p', hosts: ['a', 'b']}],
      volumes: [{id: 'v', replicas: ['a', 'b'], used: 100}],
    });
    const violations = checkCertificate(await claimFor(doomed));
    expect(violations).toEqual([{scenario: 'pdu/p', message: 'volume v loses every copy'}]);
  });

  it('refuses two new copies of one volume that come too close', async () => {
    const triple = topologyOf({
      hosts: ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index) => ({
        id,
        capacity: 1000,
        labels: {rack: [`r${[0, 0, 1, 2, 2, 3][index]!}`]},
      })),
      boundaries: [{kind: 'rack'}, {kind: 'pdu', id: 'p', hosts: ['a', 'c']}],
      volumes: [{id: 'v', replicas: ['a', 'c', 'f'], apart: ['rack'], used: 100}],
    });
    const valid = await claimFor(triple);
    expect(checkCertificate(valid)).toEqual([]);
    const placements = [
      ['v', 'd'],
      ['v', 'e'],
    ] as const;
    const certificate = valid.certificate.map((entry) =>
      entry.scenario === 'pdu/p' ? {...entry, placements} : entry,
    );
    const messages = checkCertificate({...valid, reserveBytes: new Float64Array(6).fill(200), certificate});
    expect(messages.map(({message}) => message)).toEqual([
      'volume v would have copies on e and d, which share a rack',
    ]);
  });
});
