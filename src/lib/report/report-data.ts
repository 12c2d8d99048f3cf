import type {Plan} from '../allocation/index.js';
import type {AnomaliesDocument} from './documents/anomalies-document.js';
import type {EvaluationDocument} from './documents/evaluation-document.js';
import type {MonitorDocument} from './documents/monitor-document.js';
import type {PatternsDocument} from './documents/patterns-document.js';
import type {ReplayDocument} from './documents/replay-document.js';

/** All that a report shows. A part that is absent is told as missing, with the command that would make it. */
export interface ReportData {
  readonly title: string;
  /** `foreshadow/0.1.0` */
  readonly tool: string;
  /** What it was made of, as whoever asked for it called it. */
  readonly sources: readonly {readonly kind: string; readonly name: string}[];
  /** What the reader should know before relying on it. */
  readonly warnings: readonly string[];
  readonly plan?: Plan | undefined;
  readonly courses?: ScenarioCourses | undefined;
  /** What gives way first in each scenario that the plan covers. */
  readonly tightest?: readonly ScenarioCut[] | undefined;
  readonly patterns?: PatternsDocument | undefined;
  readonly anomalies?: AnomaliesDocument | undefined;
  readonly evaluation?: EvaluationDocument | undefined;
  readonly monitor?: MonitorDocument | undefined;
  readonly replay?: ReplayDocument | undefined;
}

/** What failure scenarios asked for in the past, and are foreseen to ask for: bytes of all replicas lost with them. */
export interface ScenarioCourses {
  readonly model: string;
  /** Begin of the first step shown, and of the first one foreseen. */
  readonly fromUs: number;
  readonly originUs: number;
  readonly stepSeconds: number;
  readonly courses: readonly ScenarioCourse[];
}

export interface ScenarioCourse {
  readonly scenario: string;
  /** A value a step from `fromUs` on; null where nothing is known. */
  readonly past: readonly (number | null)[];
  /** A value a step from `originUs` on; rising levels, among them 0.05, 0.25, 0.5, 0.75 and 0.95. */
  readonly quantiles: readonly {readonly level: number; readonly values: readonly number[]}[];
}

/** The volumes and hosts where a scenario that is covered would first lack space. */
export interface ScenarioCut {
  readonly scenario: string;
  readonly volumes: readonly string[];
  readonly hosts: readonly string[];
  readonly demandBytes: number;
  readonly heldBytes: number;
}
