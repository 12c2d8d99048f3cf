import {describe, expect, it} from 'vitest';

import {matchUsage, widenForecast} from '../../src/lib/allocation/index.js';
import type {Series} from '../../src/lib/core/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {topologyOf} from './random-topology.js';

function series(id: string, ...values: readonly number[]): Series {
  return {id, startUs: 0, stepSeconds: 3600, values: Float64Array.from(values)};
}

function withVolumes(...volumes: readonly Partial<Topology['volumes'][number]>[]): Topology {
  const topology = topologyOf({hosts: ['a', 'b'].map((id) => ({id, capacity: 1})), volumes: []});
  const bare = {
    id: '',
    replicas: [0, 1],
    antiAffinity: [],
    provisionedBytes: undefined,
    usedBytes: undefined,
  };
  return {...topology, volumes: volumes.map((volume) => ({...bare, ...volume}))};
}

describe('matchUsage', () => {
  it('takes the last known level, else what is stated, else what is provisioned, and says so', () => {
    const topology = withVolumes(
      {id: 'seen', usedBytes: 1},
      {id: 'stated', usedBytes: 20, provisionedBytes: 99},
      {id: 'thick', provisionedBytes: 300},
      {id: 'young', usedBytes: 7},
    );
    const usage = matchUsage(topology, [
      series('young', NaN, NaN),
      series('other', 5),
      series('seen', 3, 4, NaN),
    ]);
    expect([...usage.usedBytes]).toEqual([4, 20, 300, 7]);
    expect(usage.series.map(({id}) => id)).toEqual(['seen']);
    expect(usage.warnings).toEqual([
      'no history of 2 volumes: the use that the topology states is taken, and no growth (stated, young)',
      'no history of 1 volumes: all that is provisioned is taken, and no growth (thick)',
      '1 volumes of the store are not in the topology and are not planned for (other)',
    ]);
  });

  it('refuses volumes of which nothing is known, all by name', () => {
    const topology = withVolumes({id: 'one'}, {id: 'two'}, {id: 'three', usedBytes: 0});
    expect(() => matchUsage(topology, [])).toThrow(
      'nothing is known of how much volume "one" holds, nor of 1 more',
    );
  });
});

describe('widenForecast', () => {
  it('leaves volumes without history as they are, and foresees no peak below what is held now', () => {
    const usage = matchUsage(withVolumes({id: 'x', usedBytes: 9}, {id: 'y'}), [series('y', 50)]);
    const wide = widenForecast(usage, {
      point: Float64Array.from([60]),
      samples: [Float64Array.from([40]), Float64Array.from([80])],
    });
    expect([...wide.point]).toEqual([9, 60]);
    expect(wide.samples.map((sample) => [...sample])).toEqual([
      [9, 50],
      [9, 80],
    ]);
  });
});
