import type {PeakForecast} from '../forecasting/index.js';
import type {Topology} from '../topology/index.js';
import type {ScenarioPlacement} from './certificate.js';
import type {LaunchDemand} from './launch-demand.js';
import type {SafetySettings} from './safety-level.js';
import type {ScenarioDemand} from './scenario-demand.js';
import type {SumForecast} from './use-sums.js';
import type {VolumePriority} from './volume-priority.js';

/** Limits and prices of reserves. */
export interface ReserveRules {
  /** No host holds more than so many bytes. */
  readonly mostPerHostBytes?: number;
  /** By id of a boundary, what its hosts together hold at least, as far as they have room. */
  readonly floorBytes?: Readonly<Record<string, number>>;
  /** By tier, what a byte held costs, beside 1 for tiers not named: the least cost is then looked for. */
  readonly tierCost?: Readonly<Record<string, number>>;
}

export interface PolicySettings extends SafetySettings {
  /** `mostPerHostBytes` counts for every policy, the others for those that look for the least reserve. */
  readonly rules?: ReserveRules;
  /** For the rules that multiply; e.g. 1.2. */
  readonly safetyFactor: number;
  /** For `static`: the share of every host's capacity held back, e.g. 0.2. */
  readonly staticShare: number;
}

/** What is known when a policy decides. */
export interface PolicyInput {
  readonly topology: Topology;
  /** Used bytes of one replica of each volume now. */
  readonly usedBytes: Float64Array;
  /** Foreseen peaks of the volumes' used bytes over the planning horizon, volume order = topology. */
  readonly forecast: PeakForecast;
  /** The same for sums over volumes, where these were foreseen by themselves; then `forecast` needs no samples. */
  readonly sums?: SumForecast;
  /** What volumes that are yet to come ask for, at the levels of some settings; absent: nothing. */
  readonly launches?: ((settings: SafetySettings) => readonly LaunchDemand[]) | undefined;
  /** Which volumes come first where not all are covered; asked only then. Absent: as many bytes as can be. */
  readonly priority?: () => Promise<VolumePriority>;
  /** The buffer held now, a value a host. */
  readonly currentReserveBytes: Float64Array;
  /** Since each host's buffer was last changed; absent: nobody knows. */
  readonly sinceChangeSeconds?: Float64Array;
  readonly settings: PolicySettings;
}

/** What a policy wants for one boundary or scenario, and why, in words with the numbers. */
export interface BoundaryNeed {
  readonly scenario: string;
  /** Bytes of replicas predicted to be lost with it. */
  readonly demandBytes: number;
  /** Bytes the policy holds for it. */
  readonly requiredBytes: number;
  readonly reason: string;
}

/** The hosts and volumes of a minimum cut: the volumes need `demandBytes` on hosts that have only `roomBytes`. */
export interface ShortCut {
  readonly scenario: string;
  readonly volumes: readonly string[];
  readonly hosts: readonly string[];
  readonly demandBytes: number;
  readonly roomBytes: number;
}

/** The buffer a policy asks for. */
export interface BufferDecision {
  /** Bytes to hold free on each host, host order = topology. */
  readonly reserveBytes: Float64Array;
  readonly needs: readonly BoundaryNeed[];
  /** Not empty: the policy itself knows that no reserve can satisfy these scenarios. */
  readonly shortCuts: readonly ShortCut[];
  /** What of the reserve is for volumes to come, and what there was no room for; absent: the policy holds nothing for them. */
  readonly heldForLaunches?: {
    readonly bytes: number;
    readonly shortBytes: number;
    /** The id of the scenario that lacks the most; absent: none lacks anything. */
    readonly shortScenario?: string;
  };
  /** For each host what is worth telling of how its reserve came about, beside which scenario needs it. */
  readonly hostNotes?: readonly (string | undefined)[];
  /** A placement within the reserve for each scenario, where the policy made one; the plan checks it like any other. */
  readonly placements?: readonly ScenarioPlacement[];
}

/** One step of a history as it really was. */
export interface HindsightStep {
  /** Fill limit x capacity - true use of each host, at least 0. */
  readonly roomBytes: Float64Array;
  /** True demands, by scenario. Of their sizes nothing is asked. */
  readonly demands: readonly ScenarioDemand[];
  /** By scenario: bytes that find no place even when all room is held. */
  readonly unavoidableBytes: Float64Array;
}

/** A history looked back at. */
export interface Hindsight {
  readonly topology: Topology;
  /** The steps to be protected, in order. */
  readonly steps: readonly HindsightStep[];
  /** Bytes that find no place when a scenario happens and each host can take `heldBytes`: whole where these are. */
  stuckBytes(scenario: number, demand: ScenarioDemand, heldBytes: Float64Array): number;
  /** Share of all scenario-steps that is to be repaired, 0 to 1: what it is compared with reached that much. */
  readonly repairedShare: number;
}

/** A yardstick that is told what happened, so that only a replay can ask it. */
export interface HindsightPolicy {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** The reserve that is held, unchanged, over all steps. Whole bytes a host. */
  lookBack(hindsight: Hindsight): Promise<Float64Array>;
}

/** One way of deciding a buffer: an entry of the registry. */
export interface AllocationPolicy {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** Whether it holds anything for PolicyInput.launches. */
  readonly holdsForLaunches?: true;
  /** The setting that makes it hold more or less, where there is one. */
  readonly tunedBy?: 'level' | 'safetyFactor' | 'staticShare';
  decide(input: PolicyInput): Promise<BufferDecision>;
}
