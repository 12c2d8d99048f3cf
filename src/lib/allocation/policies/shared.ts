/**
 * One reserve for all scenarios, since they are planned for one at a time: the least total such that in every scenario
 * each lost copy finds an allowed host with space (a linear program with cuts from maximum flows, reserve-lp.ts), then
 * raised until whole volumes fit (certificate.ts), from whichever of two optima, spread evenly or on few hosts, that
 * takes less. Where not even the whole room is enough, as much as fits is held and
 * the minimum cut is told.
 */
import {formatBytes} from '../../core/index.js';
import {certifyReserve, type CertifiedReserve} from '../certificate.js';
import {type CompiledTopology} from '../compile-topology.js';
import {type AllocationPolicy, type BoundaryNeed, type BufferDecision, type PolicyInput} from '../policy.js';
import {type PolicyView, viewInput} from '../policy-input.js';
import {leastReserve, type LeastReserve} from '../reserve-lp.js';
import {scenarioDemand, type ScenarioDemand} from '../scenario-demand.js';
import {findShortCut} from '../short-cut.js';

/** Below this ratio two totals count as alike: a plan should not jump between them from day to day. */
const CLEARLY_MORE = 1.01;

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
  const least = await leastReserve(compiled, demands, use.roomBytes);
  const {reserveBytes, placements} = certifyBest(compiled, demands, least, use.roomBytes);
  const shortCuts = least.shortages.flatMap(({net}) => {
    const demand = demands[net.scenario];
    return (demand && findShortCut(compiled, net, demand, use.roomBytes)) ?? [];
  });
  return {reserveBytes, needs: needsOf(view), shortCuts, placements};
}

/** The even reserve, unless the concentrated one gets more placed, or all of it with clearly less. */
function certifyBest(
  compiled: CompiledTopology,
  demands: readonly ScenarioDemand[],
  {reserveBytes, concentratedBytes}: LeastReserve,
  roomBytes: Float64Array,
): CertifiedReserve {
  const even = certifyReserve(compiled, demands, reserveBytes, roomBytes);
  const least = reserveBytes.reduce((sum, bytes) => sum + bytes, 0);
  if (even.stuckBytes === 0 && even.totalBytes <= least * CLEARLY_MORE) return even;
  const concentrated = certifyReserve(compiled, demands, concentratedBytes, roomBytes);
  if (concentrated.stuckBytes !== even.stuckBytes) {
    return concentrated.stuckBytes < even.stuckBytes ? concentrated : even;
  }
  return concentrated.totalBytes * CLEARLY_MORE < even.totalBytes ? concentrated : even;
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
