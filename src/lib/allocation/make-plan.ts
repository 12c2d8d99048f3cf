import {
  type ArtifactHeader,
  formatBytes,
  formatDurationRoughly,
  formatInstantUs,
  sum,
  US_PER_SECOND,
} from '../core/index.js';
import {placeScenario, type ScenarioPlacement} from './certificate.js';
import {coverByPriority} from './cover-by-priority.js';
import {checkCertificate, type CertificateViolation} from './check-certificate.js';
import {compileTopology} from './compile-topology.js';
import type {ForeseenLaunches} from './foresee-launches.js';
import {tellCures} from './plan-cures.js';
import {type Plan, PLAN_KIND} from './plan-file.js';
import type {PlanFacts} from './plan-facts.js';
import {tellBoundaries, tellChanges, tellHosts} from './plan-rows.js';
import {tellUncovered} from './plan-uncovered.js';
import {tellWaiting} from './plan-waiting.js';
import type {AllocationPolicy, PolicyInput} from './policy.js';
import {predictUse} from './predicted-use.js';
import {placedRepair} from './repair-time.js';
import {answerRelaxed} from './relaxed-answer.js';
import {scenarioDemand} from './scenario-demand.js';
import type {ShrinkRules} from './shrink-with-proof.js';
import {withShrinkRules} from './with-shrink-rules.js';

/** The buffers that a storage API holds now. */
export interface CurrentReserve {
  /** `file:PATH` */
  readonly target: string;
  readonly lineage: string;
  readonly serial: number;
  /** By host id; a host that is not listed holds none. */
  readonly reserveBytes: ReadonlyMap<string, number>;
  /** What the settings of the API say, where they are not the hosts' reserves themselves; null: a quota without a limit. */
  readonly settings?: ReadonlyMap<string, number | null>;
  /** By host id, where the API tells it. */
  readonly usedBytes?: ReadonlyMap<string, number>;
}

/** Everything that a plan is made of. */
export interface PlanRequest {
  readonly policy: AllocationPolicy;
  /** `currentReserveBytes` is what the changes are told against. */
  readonly input: PolicyInput;
  /** What the target was at when currentReserveBytes was read; absent: the plan is not bound to a target. */
  readonly current?: CurrentReserve;
  readonly createdAtUs: number;
  readonly validForSeconds: number;
  readonly horizonSeconds: number;
  /** What the horizon is made of; absent: it was stated. */
  readonly horizon?: NonNullable<Plan['horizon']>;
  /** `foreshadow/0.1.0` */
  readonly tool: string;
  readonly inputs: Plan['inputs'];
  readonly warnings: readonly string[];
  /** What the safety factor reached in backtest, where that was asked. */
  readonly coverage?: NonNullable<Plan['coverage']>;
  /** What is told of the volumes to come that the input has; absent: nothing. */
  readonly launches?: ForeseenLaunches['told'];
  /** What the input's forecast has of sudden growth, and what is foreseen without that term; absent: it has none. */
  readonly suddenGrowth?: Omit<NonNullable<Plan['suddenGrowth']>, 'addsBytes'> & {
    readonly without: Pick<PolicyInput, 'forecast' | 'launches'>;
  };
  /** Rules for giving back what is held now; absent: at once. */
  readonly shrink?: ShrinkRules;
  /** Whether it tells the relaxed answer beside its own, and cures for what is uncovered; absent: neither. */
  readonly withAlternatives?: boolean;
  /** Whether the plan lists where every copy goes in every scenario. */
  readonly withCertificate: boolean;
}

/**
 * Lets the policy decide, places every scenario's lost copies within the decision, has the independent checker look at
 * it, and tells all of it with reasons. `feasible` is the checker's word: no policy can claim it.
 */
export async function makePlan(request: PlanRequest): Promise<Plan> {
  const {policy, input, shrink} = request;
  const facts = await gatherFacts(shrink === undefined ? policy : withShrinkRules(policy, shrink), input);
  const certificate = nameCertificate(facts);
  const violations = checkCertificate({
    topology: input.topology,
    volumeBytes: facts.use.volumeBytes,
    scenarioFactor: facts.use.scenarioFactor,
    hostUsedBytes: facts.use.hostUsedBytes,
    reserveBytes: facts.decision.reserveBytes,
    certificate,
  });
  const uncovered = tellUncovered(facts);
  const warnings = [...request.warnings, ...warnOfRepair(facts, request.horizon)];
  return {
    ...header(request),
    inputs: request.inputs,
    topologySerial: input.topology.serial,
    policy: policy.name,
    settings: {...input.settings, horizonSeconds: request.horizonSeconds, ...(shrink && {shrink})},
    ...(request.horizon ? {horizon: request.horizon} : {}),
    feasible: violations.length === 0,
    ...basisOf(request.current),
    boundaries: tellBoundaries(facts),
    hosts: tellHosts(facts, input.currentReserveBytes),
    changes: tellChanges(facts, input.currentReserveBytes),
    uncovered: [...uncovered, ...tellRefused(violations, uncovered)],
    ...(await tellWaiting(facts, input.priority)),
    ...(request.withAlternatives ? await tellAlternatives(facts, input) : {}),
    ...(request.coverage ? {coverage: request.coverage} : {}),
    ...tellLaunches(facts, request.launches),
    ...(await tellSuddenGrowth(facts, request)),
    ...(warnings.length > 0 ? {warnings} : {}),
    ...(request.withCertificate ? {certificate, volumes: nameVolumes(facts)} : {}),
  };
}

/** Nothing of a policy that holds nothing for them. */
function tellLaunches({decision}: PlanFacts, told: PlanRequest['launches']): Pick<Plan, 'launches'> {
  const {heldForLaunches: held} = decision;
  if (told === undefined || held === undefined) return {};
  const {bytes: addsBytes, ...short} = held;
  return {launches: {...told, addsBytes, ...short}};
}

/** Beside what the same policy would hold without the term, which may be more: then rare growth was in usual errors. */
async function tellSuddenGrowth(
  {decision}: PlanFacts,
  {policy, input, suddenGrowth}: PlanRequest,
): Promise<Pick<Plan, 'suddenGrowth'>> {
  if (suddenGrowth === undefined) return {};
  const {without, ...told} = suddenGrowth;
  if (told.events === 0) return {suddenGrowth: {...told, addsBytes: 0}};
  const plain = await policy.decide({...input, launches: undefined, ...without});
  return {suddenGrowth: {...told, addsBytes: sum(decision.reserveBytes) - sum(plain.reserveBytes)}};
}

/** Rules and rooms may put more on one host than an even spread would. */
function warnOfRepair(
  {compiled, demands, placements}: PlanFacts,
  horizon: PlanRequest['horizon'],
): readonly string[] {
  if (horizon === undefined) return [];
  const slowest = placedRepair(compiled, demands, placements, horizon.recoveryBytesPerSecond);
  if (slowest === undefined || slowest.seconds <= horizon.repairSeconds) return [];
  const {scenario, host, bytes, seconds} = slowest;
  return [
    `if ${scenario} fails, ${host} takes ${formatBytes(bytes)} in ${formatDurationRoughly(seconds)}, longer than the ${formatDurationRoughly(horizon.repairSeconds)} of repair in the horizon: add the difference to --review`,
  ];
}

async function gatherFacts(policy: AllocationPolicy, input: PolicyInput): Promise<PlanFacts> {
  const compiled = compileTopology(input.topology);
  const use = predictUse(compiled, input.forecast, input.settings, input.sums);
  const decision = await policy.decide(input);
  const demands = compiled.nets.map((net, scenario) =>
    scenarioDemand(net, use.volumeBytes, use.scenarioFactor[scenario]),
  );
  const {reserveBytes} = decision;
  const placements: ScenarioPlacement[] = [];
  for (const [scenario, net] of compiled.nets.entries()) {
    const demand = demands[scenario];
    if (demand === undefined) continue;
    const made = decision.placements?.[scenario];
    const plain = made ?? placeScenario(compiled, net, demand, reserveBytes);
    const scarce = {net, demand, limits: [reserveBytes], plain};
    placements.push(
      made !== undefined || plain.stuckBytes === 0 || input.priority === undefined
        ? plain
        : coverByPriority(compiled, scarce, (await input.priority()).scores),
    );
  }
  return {compiled, use, decision, demands, placements};
}

async function tellAlternatives(
  facts: PlanFacts,
  input: PolicyInput,
): Promise<Pick<Plan, 'relaxed' | 'cures'>> {
  const {compiled, decision, placements} = facts;
  const {scenarios} = compiled.topology;
  const isUncovered = (_: unknown, scenario: number): boolean =>
    (compiled.nets[scenario]?.lostVolumes.length ?? 0) > 0 ||
    (placements[scenario]?.hosts.includes(-1) ?? false);
  const strictUncovered = scenarios.filter(isUncovered).map(({id}) => id);
  const strictBytes = decision.reserveBytes.reduce((sum, bytes) => sum + bytes, 0);
  const {totalBytes, uncovered: relaxedUncovered} = await answerRelaxed(input.topology, facts.use);
  // A reserve that keeps the rules serves without them too.
  const withLaunches = totalBytes + (decision.heldForLaunches?.bytes ?? 0);
  const relaxedBytes = strictUncovered.length === 0 ? Math.min(strictBytes, withLaunches) : withLaunches;
  const cures = strictUncovered.length === 0 ? [] : await tellCures(facts, input);
  return {
    relaxed: {strictBytes, strictUncovered, relaxedBytes, relaxedUncovered: [...relaxedUncovered]},
    ...(cures.length > 0 ? {cures: [...cures]} : {}),
  };
}

function nameVolumes({compiled, use}: PlanFacts): NonNullable<Plan['volumes']> {
  return compiled.topology.volumes.map(({id}, index) => ({volume: id, bytes: use.volumeBytes[index] ?? 0}));
}

function nameCertificate({compiled, use, placements}: PlanFacts): NonNullable<Plan['certificate']> {
  const {scenarios, volumes, hosts} = compiled.topology;
  return placements.map((placement) => {
    const named: [string, string][] = [];
    placement.hosts.forEach((host, item) => {
      if (host < 0) return;
      named.push([volumes[placement.volumes[item] ?? 0]?.id ?? '', hosts[host]?.id ?? '']);
    });
    return {
      scenario: scenarios[placement.scenario]?.id ?? '',
      factor: use.scenarioFactor[placement.scenario] ?? 1,
      placements: named,
    };
  });
}

function header(
  request: PlanRequest,
): ArtifactHeader & {kind: 'foreshadow.plan'; version: 1; expiresAt: string} {
  return {
    kind: PLAN_KIND.kind,
    version: PLAN_KIND.version,
    tool: request.tool,
    createdAt: formatInstantUs(request.createdAtUs),
    expiresAt: formatInstantUs(request.createdAtUs + request.validForSeconds * US_PER_SECOND),
  };
}

function basisOf(current: CurrentReserve | undefined): Pick<Plan, 'basis'> {
  if (current === undefined) return {};
  const {target, lineage, serial, settings, usedBytes, reserveBytes} = current;
  return {
    basis: {
      ...{target, lineage, serial},
      ...(settings &&
        settings !== reserveBytes && {
          settings: [...settings].map(([setting, bytes]) => ({setting, bytes})),
        }),
      ...(usedBytes && {usedBytes: [...usedBytes].map(([host, bytes]) => ({host, bytes}))}),
    },
  };
}

/** Whatever the checker refuses in a scenario that is not yet told as uncovered: the plan must not hide it. */
function tellRefused(
  violations: readonly CertificateViolation[],
  told: Plan['uncovered'],
): Plan['uncovered'] {
  const known = new Set(told.map(({scenario}) => scenario));
  const messages = new Map<string, string>();
  for (const {scenario, message} of violations) {
    if (!known.has(scenario) && !messages.has(scenario)) messages.set(scenario, message);
  }
  return [...messages].map(([scenario, message]) => ({
    scenario,
    volumes: [],
    hosts: [],
    demandBytes: 0,
    roomBytes: 0,
    message: `the independent checker refuses the placement: ${message}`,
  }));
}
