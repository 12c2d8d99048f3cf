import {describe, expect, it} from 'vitest';

import {admitVolumes, chooseHosts, type VolumePriority} from '../../src/lib/allocation/index.js';
import {BASIS, launchesOf, situationOf} from './admit-support.js';
import {roomIn} from './plan-support.js';
import {topologyOf} from './random-topology.js';

describe('admitVolumes', () => {
  // Four racks of one host with 1000 bytes; v of 100 on a and b.
  const four = topologyOf({
    hosts: ['a', 'b', 'c', 'd'].map((id) => ({id, capacity: 1000, labels: {rack: [`r-${id}`]}})),
    boundaries: [{kind: 'rack'}],
    hostBoundaries: false,
    volumes: [{id: 'v', replicas: ['a', 'b'], apart: ['rack'], used: 100}],
  });
  const wanted = {count: 2, copyBytes: 200, replicas: 2, antiAffinity: ['rack']};

  it('tells where they go, how many fit, the buffer before and after, and what breaks with one more', async () => {
    const admission = await admitVolumes(situationOf(four), wanted, BASIS);
    expect(admission.admitted).toBe(true);
    expect(admission.placements.map(({volume}) => volume)).toEqual(['new-volume-1', 'new-volume-2']);
    expect(admission.bufferBytes).toBe(100);
    // When a host is lost, the other three hold all: 200 + 400 a volume within 3000.
    expect(admission.most).toBeGreaterThanOrEqual(5);
    expect(admission.firstBreak?.missingBytes).toBeGreaterThan(0);
    const asMany = await admitVolumes(situationOf(four), {...wanted, count: admission.most}, BASIS);
    expect(asMany).toMatchObject({admitted: true, most: admission.most});
    const more = await admitVolumes(situationOf(four), {...wanted, count: admission.most + 1}, BASIS);
    expect(more).toMatchObject({admitted: false, most: admission.most, firstBreak: admission.firstBreak});
  });

  it('says that the cluster cannot be repaired even without them', async () => {
    const full = topologyOf({
      hosts: ['a', 'b', 'c'].map((id) => ({id, capacity: id === 'c' ? 50 : 1000})),
      volumes: [{id: 'v', replicas: ['a', 'b'], used: 100}],
    });
    const admission = await admitVolumes(situationOf(full), {...wanted, antiAffinity: []}, BASIS);
    expect(admission).toMatchObject({admitted: false, most: 0, bufferBytes: undefined});
    expect(admission.firstBreak?.message).toMatch(/^already without them: if host\/a fails/);
  });

  it('leaves room for volumes that are yet to come, and says when they are what breaks', async () => {
    const alone = await admitVolumes(situationOf(four), wanted, BASIS);
    const launches = launchesOf(four, 900, 300);
    const beside = await admitVolumes({...situationOf(four), launches}, wanted, BASIS);
    expect(alone.launches).toBeUndefined();
    expect(beside.launches).toMatchObject({shortBytes: 0});
    expect(beside.bufferBytes! - alone.bufferBytes!).toBe(beside.launches!.addsBytes);
    expect(beside.launches!.addsBytes).toBeGreaterThanOrEqual(900 - 3 * 100);
    expect(beside.admitted).toBe(true);
    expect(beside.most).toBeLessThan(alone.most);
    expect(beside.firstBreak?.message).toMatch(/^for .* of volumes that are yet to come there is no room if/);
    const asMany = await admitVolumes(
      {...situationOf(four), launches},
      {...wanted, count: beside.most},
      BASIS,
    );
    expect(asMany).toMatchObject({admitted: true, most: beside.most});
    const many = launchesOf(four, 5000, 300);
    const none = await admitVolumes({...situationOf(four), launches: many}, wanted, BASIS);
    expect(none).toMatchObject({admitted: false, most: 0, bufferBytes: undefined});
    expect(none.firstBreak?.message).toMatch(
      /^already without them: for .* there is no room if rack\/r-. fails$/,
    );
  });

  it('says who would wait for a place in what breaks, by priority', async () => {
    const two = topologyOf({
      hosts: ['a', 'b', 'c'].map((id) => ({id, capacity: id === 'c' ? 150 : 1000})),
      hostBoundaries: false,
      boundaries: [{kind: 'set', id: 'a', hosts: ['a']}],
      volumes: ['v', 'w'].map((id) => ({id, replicas: ['a', 'b'], used: 100})),
    });
    const waitingFor = async (scores: number[]): Promise<unknown> => {
      const zero = new Float64Array(2);
      const ranks = {growthBytes: zero, accessPerSecond: zero, scores: Float64Array.from(scores)};
      const priority = (): Promise<VolumePriority> =>
        Promise.resolve({weights: {growth: 1, access: 1}, ...ranks});
      const one = {count: 1, copyBytes: 100, replicas: 2, antiAffinity: []};
      const {firstBreak} = await admitVolumes(situationOf(two), one, {...BASIS, priority});
      return firstBreak?.waiting?.map(({scenario, volume, bytes}) => [scenario, volume, bytes]);
    };
    expect(await waitingFor([0.1, 0.9])).toEqual([['set/a', 'v', 100]]);
    expect(await waitingFor([0.9, 0.1])).toEqual([['set/a', 'w', 100]]);
    expect((await admitVolumes(situationOf(two), wanted, BASIS)).firstBreak?.waiting).toBeUndefined();
  });

  it('keeps to the tier, and says when no host of it has the space', async () => {
    const tiers = topologyOf({
      hosts: ['a', 'b', 'c', 'd'].map((id) => ({
        id,
        capacity: id === 'd' ? 100_000 : 1000,
        tier: id === 'd' ? 'hdd' : 'ssd',
      })),
      volumes: [],
    });
    const ofTier = {count: 1, copyBytes: 200, replicas: 2, antiAffinity: [], tier: 'ssd'};
    const admission = await admitVolumes(situationOf(tiers), ofTier, BASIS);
    expect(admission.placements[0]?.hosts).not.toContain('d');
    const large = await admitVolumes(situationOf(tiers), {...ofTier, copyBytes: 2000}, BASIS);
    expect(large.firstBreak).toEqual({
      scenario: '',
      missingBytes: 1000,
      message:
        'volume 1 of 1 finds no 2 hosts of tier ssd with 1.95 KiB left; the most left on one is 1000 B',
    });
  });
});

describe('chooseHosts', () => {
  it('finds hosts by backtracking where the emptiest ones forbid each other, and none that one scenario takes together', () => {
    const topology = topologyOf({
      hosts: [
        {id: 'a', capacity: 1000, labels: {rack: ['r1'], feed: ['x']}},
        {id: 'b', capacity: 900, labels: {rack: ['r1'], feed: ['y']}},
        {id: 'c', capacity: 800, labels: {rack: ['r2'], feed: ['x']}},
        {id: 'd', capacity: 700, labels: {rack: ['r3'], feed: ['y']}},
      ],
      boundaries: [{kind: 'rack'}, {kind: 'feed'}],
      volumes: [],
    });
    const wanted = {count: 1, copyBytes: 10, replicas: 2, antiAffinity: ['rack']};
    const weights = new Float64Array(4).fill(1);
    // a and c are apart in racks, but one feed takes both.
    expect(chooseHosts(topology, wanted, roomIn(topology), weights).placed).toEqual([[0, 3]]);
    const three = {...wanted, replicas: 3};
    expect(chooseHosts(topology, three, roomIn(topology), weights).placed).toEqual([[0, 2, 3]]);
    expect(chooseHosts(topology, {...wanted, replicas: 4}, roomIn(topology), weights).placed).toEqual([]);
  });
});
