/**
 * One reserve for all scenarios, since they are planned for one at a time: the least total such that in every scenario
 * each lost copy finds an allowed host with space (a linear program with cuts from maximum flows, reserve-lp.ts), then
 * raised until whole volumes fit (least-whole-reserve.ts). Where not even the whole room is enough, as much as fits is
 * held and the minimum cut is told.
 */
import {formatBytes} from '../../core/index.js';
import {leastWholeReserve} from '../least-whole-reserve.js';
import type {AllocationPolicy, BoundaryNeed, BufferDecision, PolicyInput} from '../policy.js';
import {type PolicyView, viewInput} from '../policy-input.js';
import {scenarioDemand} from '../scenario-demand.js';
import {findShortCut} from '../short-cut.js';

/** The least reserve under which every scenario alone can be repaired. */
export const shared: AllocationPolicy = {
  name: 'shared',
  summary: 'the least reserve that serves every scenario, one at a time',
  decide,
};

async function decide(input: PolicyInput): Promise<BufferDecision> {
  const view = viewInput(input);
  const {compiled, use} = view;
  const demands = compiled.nets.map((net, scenario) =>
    scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]),
  );
  const {reserveBytes, placements, shortages} = await leastWholeReserve(compiled, demands, use.roomBytes);
  const shortCuts = shortages.flatMap(({net}) => {
    const demand = demands[net.scenario];
    return (demand && findShortCut(compiled, net, demand, use.roomBytes)) ?? [];
  });
  return {reserveBytes, needs: needsOf(view), shortCuts, placements};
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
