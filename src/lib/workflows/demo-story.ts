import type {PolicySettings} from '../allocation/index.js';
import type {Actor} from '../storage-apis/index.js';
import type {SynthFormat} from '../synth/index.js';
import type {ApplyReport} from './apply-plan.js';
import type {TopologyCheck} from './check-topology.js';
import type {HeldBytes} from './demo-outcome.js';
import type {Evaluation} from './evaluate-models.js';
import type {IngestResult} from './ingest-files.js';
import type {PlanSummary} from './plan-buffer.js';
import type {ReplayReport} from './replay-policies.js';
import type {SynthesizeOptions, SynthSummary} from './synthesize.js';

/** What the demo is made with. */
export interface DemoSettings {
  readonly cluster: SynthesizeOptions['cluster'];
  readonly requests: number;
  readonly formats: readonly SynthFormat[];
  /** Models to compare. */
  readonly evaluated: readonly string[];
  /** The model that plan and replay foresee with. */
  readonly model: string;
  readonly policy: PolicySettings;
  readonly policies: readonly string[];
  readonly warmUpSeconds: number;
}

export interface DemoOptions {
  /** Empty or absent: everything is made in it. */
  readonly folder: string;
  /** How the folder is called in the commands told. */
  readonly label: string;
  /** An empty store that is there, instead of one in the folder. */
  readonly store?: string | undefined;
  /** Log of nbdkit that lies in the package. */
  readonly recordedTrace: string;
  readonly settings: DemoSettings;
  readonly tool: string;
  readonly actor: Omit<Actor, 'atUs' | 'tool'>;
  readonly signal: AbortSignal;
  /** Told before each step, and after it. */
  readonly onBegin: (step: StepTitle) => void;
  readonly onEnd: (step: DemoStep) => Promise<void>;
  readonly onProgress: (text: string) => void;
}

/** What a step is for, and what one would type to do the same. */
export interface StepTitle {
  readonly title: string;
  /** What to type before the command. */
  readonly setup?: string;
  readonly command: string;
}

/** What a step gave: what the command of that name returns. */
export type StepResult =
  | {readonly kind: 'synth'; readonly result: SynthSummary}
  | {readonly kind: 'ingest'; readonly result: IngestResult}
  | {readonly kind: 'evaluate'; readonly result: Evaluation}
  | {readonly kind: 'topology'; readonly result: TopologyCheck}
  | {readonly kind: 'plan'; readonly result: PlanSummary}
  | {readonly kind: 'replay'; readonly result: ReplayReport}
  | {readonly kind: 'apply'; readonly result: ApplyReport};

export type DemoStep = StepTitle & StepResult;

/** What the story came to. */
export interface DemoOutcome extends HeldBytes {
  readonly steps: readonly StepTitle[];
  readonly volumes: number;
  readonly requests: number;
  /** Inputs that the second ingest found in the store. */
  readonly alreadyThere: number;
  readonly rowsOfRecordedTrace: number;
  readonly models: Evaluation['models'];
}

/** A step that is ready to run. */
export interface ReadyStep<R extends StepResult> extends StepTitle {
  readonly run: () => Promise<R>;
}

export type StepOf<K extends StepResult['kind']> = ReadyStep<Extract<StepResult, {readonly kind: K}>>;

/** Where the demo keeps its files, and when it takes place. */
export interface DemoPlaces {
  readonly cluster: string;
  readonly topology: string;
  readonly recorded: string;
  readonly store: string;
  /** How it is called in the commands told. */
  readonly storeLabel: string;
  /** `file:PATH` */
  readonly target: string;
  readonly planOf: (policy: string) => string;
  /** The end of the history: the demo's now. */
  readonly endUs: number;
}

const DAY_SECONDS = 86_400;

/** The story that `foreshadow demo` tells: 12 uneven hosts in 6 racks on 2 feeds, 60 % full, 6 weeks. */
export const DEMO_SETTINGS: DemoSettings = {
  cluster: {
    hosts: 12,
    racks: 6,
    feeds: 2,
    switches: 0,
    volumes: 96,
    startUs: Date.UTC(2026, 9, 13) * 1000,
    days: 42,
    fillShare: 0.6,
    hostCapacityBytes: 24e9,
    seed: 1,
  },
  requests: 300_000,
  formats: ['alibaba', 'msr', 'cloudphysics-csv', 'nbdkit-log', 'foreshadow-csv', 'usage-csv'],
  evaluated: ['seasonal-naive', 'ets', 'lstm'],
  model: 'ets',
  policy: {level: 0.999, safetyFactor: 1.2, staticShare: 0.2},
  policies: ['static', 'largest-host', 'largest-boundary', 'reactive', 'per-boundary', 'shared'],
  warmUpSeconds: 21 * DAY_SECONDS,
};
