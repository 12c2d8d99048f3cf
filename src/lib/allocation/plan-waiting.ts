import {groupBy} from '../core/index.js';
import type {PlanFacts} from './plan-facts.js';
import type {Plan} from './plan-file.js';
import type {PolicyInput} from './policy.js';

/** Who finds no place, in each scenario the highest score first; nothing where everyone does. */
export async function tellWaiting(
  {compiled, demands, placements}: PlanFacts,
  priority: PolicyInput['priority'],
): Promise<Pick<Plan, 'waiting'>> {
  if (priority === undefined || placements.every(({hosts}) => !hosts.includes(-1))) return {};
  const {weights, scores, growthBytes, accessPerSecond} = await priority();
  const {topology, nets} = compiled;
  const volumes = placements.flatMap((placement) => {
    const net = nets[placement.scenario];
    const stuck = [...placement.volumes].filter((_, item) => (placement.hosts[item] ?? 0) < 0);
    return [...groupBy(stuck, (volume) => volume)]
      .sort(([one], [other]) => (scores[other] ?? 0) - (scores[one] ?? 0) || one - other)
      .map(([volume, {length: copies}]) => ({
        scenario: topology.scenarios[placement.scenario]?.id ?? '',
        volume: topology.volumes[volume]?.id ?? '',
        copies,
        bytes: copies * (demands[placement.scenario]?.sizes[net?.volumes.indexOf(volume) ?? -1] ?? 0),
        score: scores[volume] ?? 0,
        growthBytes: growthBytes[volume] ?? 0,
        accessPerSecond: accessPerSecond[volume] ?? 0,
      }));
  });
  return {waiting: {weights: {...weights}, volumes}};
}
