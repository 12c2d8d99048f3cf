import {
  allocationPolicy,
  type ForeseenLaunches,
  type PlanBasis,
  type Situation,
} from '../../src/lib/allocation/index.js';
import type {Topology} from '../../src/lib/topology/index.js';
import {SETTINGS} from './plan-support.js';
import {rawOf, usedOf} from './random-topology.js';

export const BASIS: PlanBasis = {
  policy: allocationPolicy('shared'),
  settings: SETTINGS,
  createdAtUs: 0,
  validForSeconds: 0,
  horizonSeconds: 3600,
  tool: 'foreshadow/test',
  inputs: [],
  warnings: [],
};

/** A cluster whose usage is known: what the topology states, for ever. */
export function situationOf(topology: Topology): Situation {
  const usedBytes = usedOf(topology);
  const raw = rawOf({hosts: [], volumes: []});
  return {raw, topology, usedBytes, forecast: {point: usedBytes, samples: [usedBytes]}};
}

/** Volumes that are yet to come and ask for the same in every scenario. */
export function launchesOf({scenarios}: Topology, bytes: number, copyBytes: number): ForeseenLaunches {
  const scenarioBytes = new Float64Array(scenarios.length).fill(bytes);
  return {
    demands: [{scenarioBytes, copyBytes}],
    told: {watchedSeconds: 604_800, tiers: [], meanVolumes: 1, copyBytes},
    warnings: [],
  };
}
