import type {AllocationPolicy, HindsightPolicy, PolicySettings, ShrinkRules} from '../allocation/index.js';
import type {Random, Series} from '../core/index.js';
import type {ForecastModel} from '../forecasting/index.js';
import type {Topology} from '../topology/index.js';
import type {ContenderState} from './contender.js';
import type {FailureRates} from './failure-draws.js';
import type {PolicyScore, ReplayPrices} from './policy-score.js';

export interface ReplayOptions {
  /** Used bytes of one replica a volume, all on one axis. NaN before a volume exists, and in gaps. */
  readonly histories: readonly Series[];
  readonly topology: Topology;
  readonly policies: readonly AllocationPolicy[];
  /** Asked when all is over, for what would have protected as well as the first of the policies did. */
  readonly hindsightPolicies?: readonly HindsightPolicy[];
  readonly settings: PolicySettings;
  /** Rules for giving back, which every policy but those that look back keeps to; absent: at once. */
  readonly shrink?: ShrinkRules | undefined;
  /** Random failures; absent: every scenario happens at every step. */
  readonly rates?: FailureRates | undefined;
  /** Absent: no costs are told. */
  readonly prices?: ReplayPrices | undefined;
  readonly model: ForecastModel;
  readonly seasonSteps: readonly number[];
  /** History before the first review. */
  readonly warmUpSteps: number;
  /** From one review to the next. */
  readonly reviewSteps: number;
  /** From a review until what it decided is held. */
  readonly leadSteps: number;
  /** How far peaks are foreseen at a review; leadSteps + reviewSteps covers what the decision must last for. */
  readonly horizonSteps: number;
  /** The model is fitted again at every so many-th review; 0: only at the first. */
  readonly refitReviews: number;
  /** Past origins from which a forecast's errors are learned, at most. */
  readonly originCount: number;
  readonly random: Random;
  /**
   * What the model is fitted to: every volume, as `plan` does, which is the default; or the sums that a plan reckons
   * with, which hold where volumes come and go by the thousand, and need a longer history.
   */
  readonly foresees?: 'volumes' | 'sums';
  /**
   * Whether policies that can are told of volumes that are yet to come, as many and as large as came before each review;
   * absent: no. Not beside `sums`, which step up when volumes come, so that these are in what is foreseen.
   */
  readonly withLaunches?: boolean;
  /** Whether what is foreseen reckons with sudden growth that any volume may have, as a term of its own; absent: no. */
  readonly withSuddenGrowth?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: {readonly done: number; readonly total: number}) => void;
  /** Goes on from here, with the same result as if it had never stopped. */
  readonly resume?: ReplayState | undefined;
  /** Told now and then how far it is; it waits for the answer. */
  readonly onState?: (state: ReplayState) => Promise<void>;
}

/** How far a replay is, plain so that a checkpoint can hold it. */
export interface ReplayState {
  readonly reviewsDone: number;
  readonly contenders: readonly ContenderState[];
}

export interface ReplayResult {
  /** The time over which all are scored: from when the first decision is held to the end of the history. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly stepSeconds: number;
  readonly reviews: number;
  readonly scenarios: number;
  /** Courses that fate took, where failures were random. */
  readonly draws?: number;
  /** In the order of the policies asked for, then those that look back, the oracle last. */
  readonly scores: readonly PolicyScore[];
  /** Volumes of the topology without history, counted with what it states. */
  readonly withoutHistory: readonly string[];
  /** Volumes with history that the topology does not know: left out. */
  readonly withoutPlace: readonly string[];
  /** What looks like a log that begins later than others, in words, where volumes yet to come were told of. */
  readonly launchWarnings: readonly string[];
  /** Scenarios that take every copy of some volumes, which no buffer brings back: they are no part of the scores. */
  readonly lost: readonly {readonly scenario: string; readonly volumes: number}[];
}
