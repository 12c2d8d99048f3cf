import {compileTopology, type StepSpan} from '../allocation/index.js';
import {type Series, US_PER_SECOND} from '../core/index.js';
import type {Topology} from '../topology/index.js';
import type {Placer} from './place-demand.js';
import {createScenarioPlacer} from './place-scenario.js';
import {alignPanel, createLevelReader} from './usage-panel.js';
import {createWindowReader} from './window-truth.js';

export interface ReserveToJudge {
  readonly topology: Topology;
  /** Bytes held on each host, in the topology's order. */
  readonly reserveBytes: Float64Array;
  /** Used bytes of one replica a volume, all on one axis that begins no later than `fromUs`. */
  readonly histories: readonly Series[];
  /** Steps that begin from `fromUs` on and have ended by `toUs`. */
  readonly fromUs: number;
  readonly toUs: number;
}

/** What would have come of one scenario, had it happened at each step, alone. */
export interface ScenarioOutcome {
  readonly scenario: string;
  readonly steps: number;
  /** Steps at which every lost copy found a place, whole. */
  readonly keptSteps: number;
  /** At the step where the most found none. */
  readonly worst?: {readonly atUs: number; readonly stuckBytes: number};
}

/**
 * Fails every scenario at every step while a reserve is held, as `replayHistory` does: each host takes what it holds, as far
 * as it has room. One outcome a scenario, in the topology's order.
 */
export function judgeReserve({
  topology,
  reserveBytes,
  histories,
  fromUs,
  toUs,
}: ReserveToJudge): readonly ScenarioOutcome[] {
  const compiled = compileTopology(topology);
  const panel = alignPanel(topology, histories);
  const stepUs = panel.stepSeconds * US_PER_SECOND;
  const firstStep = Math.max(0, Math.ceil((fromUs - panel.startUs) / stepUs));
  const endStep = Math.min(panel.stepCount, Math.floor((toUs - panel.startUs) / stepUs));
  const window = createWindowReader(compiled, createLevelReader(panel)).window(firstStep, endStep);
  return compiled.nets.map((net, index) => {
    const placer = createScenarioPlacer(compiled, net, false);
    const fails = failuresIn(window.span, placer, index, reserveBytes);
    const worst = fails.reduce<Failure | undefined>(
      (most, one) => (most === undefined || one.stuckBytes > most.stuckBytes ? one : most),
      undefined,
    );
    return {
      scenario: topology.scenarios[net.scenario]?.id ?? '',
      steps: window.steps.length,
      keptSteps: window.steps.length - fails.length,
      ...(worst && {
        worst: {
          atUs: panel.startUs + (firstStep + worst.step) * stepUs,
          stuckBytes: Math.ceil(worst.stuckBytes),
        },
      }),
    };
  });
}

interface Failure {
  /** From the begin of the window. */
  readonly step: number;
  readonly stuckBytes: number;
}

/** What fits when a span is hardest fits at all of its steps, so that not every step need be looked at. */
function failuresIn(
  span: StepSpan | undefined,
  placer: Placer,
  scenario: number,
  reserveBytes: Float64Array,
): readonly Failure[] {
  const demand = span?.hardest.demands[scenario];
  if (span === undefined || demand === undefined) return [];
  const {roomBytes} = span.hardest;
  const held = reserveBytes.map((bytes, host) => Math.max(0, Math.min(bytes, roomBytes[host] ?? 0)));
  const shortfall = placer.shortfall(demand, held);
  if (shortfall === undefined) return [];
  if (span.parts.length === 0) return [{step: span.firstStep, stuckBytes: shortfall.stuckBytes}];
  return span.parts.flatMap((part) => failuresIn(part, placer, scenario, reserveBytes));
}
