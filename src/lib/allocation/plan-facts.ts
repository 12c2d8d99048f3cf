import type {ScenarioPlacement} from './certificate.js';
import type {CompiledTopology} from './compile-topology.js';
import type {BufferDecision} from './policy.js';
import type {PredictedUse} from './predicted-use.js';
import type {ScenarioDemand} from './scenario-demand.js';

/** What was computed for a plan, before it is told. The arrays follow Topology.scenarios. */
export interface PlanFacts {
  readonly compiled: CompiledTopology;
  readonly use: PredictedUse;
  readonly decision: BufferDecision;
  readonly demands: readonly ScenarioDemand[];
  readonly placements: readonly ScenarioPlacement[];
}
