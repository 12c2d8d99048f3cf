import {describe, expect, it} from 'vitest';

import {applyWhatIf, parseWhatIf, type Situation} from '../../src/lib/allocation/index.js';
import {resolveTopology, type Topology} from '../../src/lib/topology/index.js';
import {rawOf, type TopologyText, usedOf} from './random-topology.js';

const TEXT: TopologyText = {
  hosts: [
    {id: 'a', capacity: 1000, labels: {rack: ['r1'], feed: ['x']}},
    {id: 'b', capacity: 1000, labels: {rack: ['r2'], feed: ['x', 'y']}},
    {id: 'c', capacity: 1000, labels: {rack: ['r3'], feed: ['y', 'z']}},
    {id: 'd', capacity: 1000, labels: {rack: ['r4'], feed: ['z']}},
  ],
  boundaries: [
    {kind: 'rack'},
    {kind: 'feed', needs: 1},
    {kind: 'pdu', id: 'p', hosts: ['a', 'b']},
    {kind: 'pdu', id: 'q', hosts: ['a']},
  ],
  scenarios: [
    {id: 'x-and-y', fails: ['feed/x', 'feed/y']},
    {id: 'r1-alone', fails: ['rack/r1']},
  ],
  hostBoundaries: false,
  volumes: [
    {id: 'v', replicas: ['a', 'c'], apart: ['rack'], used: 100},
    {id: 'w', replicas: ['c', 'd'], apart: ['rack'], used: 200},
  ],
};

function situation(text = TEXT): Situation {
  const raw = rawOf(text);
  const topology = resolveTopology(raw);
  const usedBytes = usedOf(topology);
  return {raw, topology, usedBytes, forecast: {point: usedBytes.map((bytes) => 1.2 * bytes), samples: []}};
}

function changed(text: string, before = situation()): Situation {
  const after = applyWhatIf(before, parseWhatIf(text), {level: 0.99});
  if ('impossible' in after) throw new Error(after.impossible.message);
  return after;
}

function replicasOf({hosts, volumes}: Topology): Record<string, string[]> {
  return Object.fromEntries(volumes.map(({id, replicas}) => [id, replicas.map((host) => hosts[host]!.id)]));
}

describe('parseWhatIf', () => {
  it('reads every kind of change, alone and several at once', () => {
    expect(parseWhatIf('hosts+2@rack=r3,feed=a,feed=b:7.68TB:ssd').steps).toEqual([
      {
        kind: 'hosts',
        hosts: {
          count: 2,
          capacity: '7.68TB',
          tier: 'ssd',
          labels: [
            {kind: 'rack', values: ['r3']},
            {kind: 'feed', values: ['a', 'b']},
          ],
        },
      },
    ]);
    expect(
      parseWhatIf(' lost:feed/a ;drain:rack/r2; growth*1.5;anti-affinity=rack, feed; hosts+1:1TB'),
    ).toEqual({
      text: 'lost:feed/a; drain:rack/r2; growth*1.5; anti-affinity=rack, feed; hosts+1:1TB',
      steps: [
        {kind: 'lost', boundary: 'feed/a'},
        {kind: 'drain', boundary: 'rack/r2'},
        {kind: 'growth', factor: 1.5},
        {kind: 'anti-affinity', kinds: ['rack', 'feed']},
        {kind: 'hosts', hosts: {count: 1, capacity: '1TB', labels: []}},
      ],
    });
  });

  it.each([
    '',
    ';',
    'hosts+0:1TB',
    'hosts+2@rack:1TB',
    'hosts+2@rack=r3',
    'growth*-1',
    'growth*',
    'lost:',
    'rack/r2',
  ])('refuses %j', (text) => {
    expect(() => parseWhatIf(text)).toThrow(/--whatif cannot be read/);
  });
});

describe('applyWhatIf', () => {
  it('adds hosts to their boundaries, old and new', () => {
    const {topology} = changed('hosts+2@rack=r9,feed=x:500B:ssd');
    const more = topology.hosts.slice(4);
    expect(more.map(({id, capacityBytes, tier}) => [id, capacityBytes, tier])).toEqual([
      ['new-host-1', 500, 'ssd'],
      ['new-host-2', 500, 'ssd'],
    ]);
    const hostsOf = (id: string): readonly number[] | undefined =>
      topology.boundaries.find((boundary) => boundary.id === id)?.hosts;
    expect(hostsOf('rack/r9')).toEqual([4, 5]);
    expect(hostsOf('feed/x')).toEqual([0, 4, 5]);
  });

  it('drains a rack: its replicas go elsewhere by their rules, its host and what is named after it are gone', () => {
    const {topology} = changed('drain:rack/r1');
    expect(topology.hosts.map(({id}) => id)).toEqual(['b', 'c', 'd']);
    const {v, w} = replicasOf(topology);
    expect(w).toEqual(['c', 'd']);
    expect(v?.[0]).toBe('c');
    expect(['b', 'd']).toContain(v?.[1]);
    expect(topology.boundaries.map(({id}) => id)).toEqual([
      'rack/r2',
      'rack/r3',
      'rack/r4',
      'feed/x',
      'feed/y',
      'feed/z',
      'pdu/p',
    ]);
    expect(topology.scenarios.map(({id}) => id)).toEqual([
      ...topology.boundaries.map(({id}) => id),
      'x-and-y',
    ]);
  });

  it('loses a feed for good: hosts that had no other are gone, the others are left with one less', () => {
    const {topology} = changed('lost:feed/x');
    expect(topology.hosts.map(({id, labels}) => [id, labels.get('feed')])).toEqual([
      ['b', ['y']],
      ['c', ['y', 'z']],
      ['d', ['z']],
    ]);
    expect(topology.boundaries.find(({id}) => id === 'feed/y')?.hosts).toEqual([0]);
    expect(replicasOf(topology).v).toHaveLength(2);
  });

  it('lets volumes grow by as much more, from what they hold now', () => {
    expect([...changed('growth*1.5').forecast.point]).toEqual(
      [130, 260].map((bytes) => expect.closeTo(bytes) as number),
    );
    expect(changed('growth*1').forecast.point).toEqual(situation().forecast.point);
  });

  it('changes the rule of all volumes, and of the new ones', () => {
    const {topology, antiAffinity} = changed('anti-affinity=rack,feed');
    expect(topology.volumes.map((volume) => volume.antiAffinity)).toEqual([
      ['rack', 'feed'],
      ['rack', 'feed'],
    ]);
    expect(antiAffinity).toEqual(['rack', 'feed']);
  });

  it('makes several changes one after another', () => {
    const {topology, forecast} = changed('drain:rack/r1; growth*2; hosts+1@rack=r1:1kB');
    expect(topology.hosts.map(({id}) => id)).toEqual(['b', 'c', 'd', 'new-host-1']);
    expect(forecast.point[0]).toBeCloseTo(140);
  });

  it('says when what is displaced finds no place, and names what is not known', () => {
    const tight = {...TEXT, hosts: TEXT.hosts.map((host) => ({...host, capacity: 250}))};
    expect(applyWhatIf(situation(tight), parseWhatIf('drain:rack/r3'), {level: 0.99})).toMatchObject({
      impossible: {message: '1 of the 2 copies that lie there find no other place', missingBytes: 120},
    });
    expect(() => changed('lost:feed/q')).toThrow('there is no boundary "feed/q"');
    expect(() => changed('hosts+1@rak=r1:1TB')).toThrow('there is no label "rak"');
    expect(() => changed('anti-affinity=feeds')).toThrow('there is no boundary kind "feeds"');
  });
});
