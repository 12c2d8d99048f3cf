/**
 * One reserve for all scenarios, since they are planned for one at a time: the least total such that in every scenario
 * each lost copy finds an allowed host with space (a linear program with cuts from maximum flows, reserve-lp.ts), then
 * raised until whole volumes fit (least-whole-reserve.ts). Where not even the whole room is enough, as much as fits is
 * held and the minimum cut is told. For volumes that are yet to come it holds more where what the known ones leave is not
 * enough (hold-for-launches.ts). Boundaries may have floors, and tiers a price: then the least cost is looked for.
 */
import {formatBytes, sum} from '../../core/index.js';
import {holdForLaunches} from '../hold-for-launches.js';
import {leastWholeReserve} from '../least-whole-reserve.js';
import {priceFloors, tellShortFloors} from '../price-floors.js';
import type {AllocationPolicy, BoundaryNeed, BufferDecision, PolicyInput, ReserveRules} from '../policy.js';
import type {Topology} from '../../topology/index.js';
import {type PolicyView, viewInput} from '../policy-input.js';
import {scenarioDemand} from '../scenario-demand.js';
import {findShortCut} from '../short-cut.js';

/** The least reserve under which every scenario alone can be repaired. */
export const shared: AllocationPolicy = {
  name: 'shared',
  summary: 'the least reserve that serves every scenario, one at a time',
  holdsForLaunches: true,
  tunedBy: 'level',
  decide,
};

async function decide(input: PolicyInput): Promise<BufferDecision> {
  const view = viewInput(input);
  const {compiled, use} = view;
  const demands = compiled.nets.map((net, scenario) =>
    scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]),
  );
  const {topology, settings} = input;
  const priced = priceFloors(topology, use.roomBytes, settings.rules);
  const found = await leastWholeReserve(compiled, demands, use.roomBytes, priced, input.priority);
  const {reserveBytes, placements, shortages} = found;
  const shortCuts = shortages.flatMap(({net}) => {
    const demand = demands[net.scenario];
    return (demand && findShortCut(compiled, net, demand, use.roomBytes)) ?? [];
  });
  const floorNotes = noteFloors(topology, use.roomBytes, settings.rules);
  const decision = {needs: needsOf(view), shortCuts, placements};
  // A fixed factor stands for all that is not known.
  if (input.launches === undefined || settings.fixedFactor !== undefined)
    return {...decision, reserveBytes, ...(floorNotes && {hostNotes: floorNotes})};
  const known = {reserveBytes, placements, demands, roomBytes: use.roomBytes};
  const {hostBytes, short} = await holdForLaunches(compiled, known, input.launches(settings));
  const shortScenario = topology.scenarios[short.scenario ?? -1]?.id;
  return {
    ...decision,
    reserveBytes: reserveBytes.map((bytes, host) => bytes + (hostBytes[host] ?? 0)),
    heldForLaunches: {
      ...{bytes: sum(hostBytes), shortBytes: short.bytes},
      ...(shortScenario !== undefined && {shortScenario}),
    },
    hostNotes: noteLaunches(hostBytes, floorNotes),
  };
}

function noteLaunches(
  hostBytes: Float64Array,
  floorNotes: BufferDecision['hostNotes'],
): readonly (string | undefined)[] {
  return Array.from(hostBytes, (bytes, host) => {
    const notes = [floorNotes?.[host], bytes > 0 ? `${formatBytes(bytes)} for volumes to come` : undefined];
    return notes.filter((note) => note !== undefined).join('; ') || undefined;
  });
}

/** Undefined where every floor fits. */
function noteFloors(
  {boundaries, hosts}: Topology,
  roomBytes: Float64Array,
  rules: ReserveRules | undefined,
): BufferDecision['hostNotes'] {
  const short = tellShortFloors({boundaries}, roomBytes, rules);
  if (short.length === 0) return undefined;
  const inside = new Map(boundaries.map(({id, hosts: members}) => [id, new Set(members)]));
  return hosts.map((_, host) => {
    const notes = short.flatMap((floor) =>
      inside.get(floor.boundary)?.has(host) === true
        ? [
            `the floor of ${floor.boundary} is ${formatBytes(floor.floorBytes)}, its hosts have room for ${formatBytes(floor.roomBytes)}`,
          ]
        : [],
    );
    return notes.length === 0 ? undefined : notes.join('; ');
  });
}

function needsOf({compiled, use, demandBytes}: PolicyView): BoundaryNeed[] {
  return compiled.nets.map((net, scenario) => {
    const bytes = demandBytes[scenario] ?? 0;
    const factor = use.scenarioFactor[scenario] ?? 1;
    const copies = net.copies.reduce((sum, count) => sum + count, 0);
    const reason =
      bytes === 0
        ? 'nothing is lost that could be re-created'
        : `${copies} copies, ${formatBytes(bytes)}: ${factor.toFixed(2)} times the median forecast of their peaks`;
    const id = compiled.topology.scenarios[scenario]?.id ?? '';
    return {scenario: id, demandBytes: bytes, requiredBytes: bytes, reason};
  });
}
