import type {z} from 'zod';

import {PLAN_KIND, type Plan} from '../allocation/index.js';
import {
  errorText,
  type Granularity,
  InputError,
  invariant,
  parseTimeZone,
  readArtifact,
  readText,
} from '../core/index.js';
import type {FitProgress, PanelSource} from '../forecasting/index.js';
import {readAnomaliesFile} from '../patterns/index.js';
import {
  type AnomaliesDocument,
  EVALUATION_DOCUMENT,
  MONITOR_DOCUMENT,
  parseCommandDocument,
  PATTERNS_DOCUMENT,
  type PatternsDocument,
  REPLAY_DOCUMENT,
  type ReportData,
} from '../report/index.js';
import {readTopology, type Topology} from '../topology/index.js';
import {findAnomalies} from './find-anomalies.js';
import {findPatterns} from './find-patterns.js';
import type {ForecastSource} from './forecast-series.js';
import {foreseeScenarios, type ForeseenScenarios} from './scenario-courses.js';
import {tightestCuts} from './tightest-cuts.js';

/** What a report is made of. */
export interface ReportInputs {
  readonly title: string;
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<PanelSource & {close(): void}>;
  readonly topologyPath?: string | undefined;
  readonly planPath?: string | undefined;
  /** What `patterns --json` printed; computed from the store when absent. */
  readonly patternsPath?: string | undefined;
  /** What `patterns anomalies --out` wrote; computed from the store when absent. */
  readonly anomaliesPath?: string | undefined;
  /** What `evaluate --json` printed. */
  readonly evaluationPath?: string | undefined;
  /** What `monitor --json` printed. */
  readonly monitorPath?: string | undefined;
  /** What `replay --json` printed. */
  readonly replayPath?: string | undefined;
  /** What foresees the scenarios. */
  readonly source: ForecastSource;
  /** The model file's when absent. */
  readonly horizonSeconds?: number | undefined;
  readonly granularity: Granularity;
  readonly seed: number;
  readonly asOfUs: number;
  readonly tool: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ReportProgress) => void;
}

/** What is worked at. */
export type ReportProgress =
  | {readonly part: 'patterns' | 'anomalies'; readonly done: number; readonly total: number}
  | {readonly part: 'forecast'; readonly fit: FitProgress};

/** Reads what was given, finds what was not and can be found. Throws InputError when store, topology or a document cannot be used. */
export async function gatherReport(options: ReportInputs): Promise<ReportData> {
  const {planPath, topologyPath} = options;
  const plan = planPath === undefined ? undefined : await readArtifact<Plan>(planPath, PLAN_KIND);
  const evaluation = await readDocument(options.evaluationPath, EVALUATION_DOCUMENT);
  const monitor = await readDocument(options.monitorPath, MONITOR_DOCUMENT);
  const replay = await readDocument(options.replayPath, REPLAY_DOCUMENT);
  const topology = topologyPath === undefined ? undefined : await readTopology(topologyPath);
  const patterns = await gatherPatterns(options);
  const anomalies = await gatherAnomalies(options);
  const foreseen = await gatherCourses(options, plan);
  return {
    ...{title: options.title, tool: options.tool, sources: sourcesOf(options)},
    ...{plan, patterns, anomalies, evaluation, monitor, replay, courses: foreseen?.courses},
    tightest: plan && topology && tightestCuts(plan, topology, foreseen?.peaks ?? new Map()),
    warnings: [...warningsOf(plan, topology), ...(foreseen?.warnings ?? [])],
  };
}

function warningsOf(plan: Plan | undefined, topology: Topology | undefined): readonly string[] {
  if (plan === undefined || topology === undefined || plan.topologySerial === topology.serial) return [];
  return ['the plan was made of another topology than the one given: needs and cuts may not be its own'];
}

async function readDocument<T>(
  filePath: string | undefined,
  kind: {readonly command: string; readonly schema: z.ZodType<T>},
): Promise<T | undefined> {
  return filePath === undefined ? undefined : parseCommandDocument(await readJson(filePath), filePath, kind);
}

async function gatherPatterns(options: ReportInputs): Promise<PatternsDocument> {
  const {storePath, granularity, topologyPath, seed, asOfUs, signal, onProgress} = options;
  const given = await readDocument(options.patternsPath, PATTERNS_DOCUMENT);
  if (given !== undefined) return given;
  const zone = parseTimeZone('UTC');
  invariant(zone !== undefined, 'UTC is a time zone');
  return findPatterns({
    ...{storePath, granularity, metric: 'used-bytes', topologyPath, zone, asOfUs, seed, signal},
    ...(options.openStore && {openStore: options.openStore}),
    onProgress: ({done, total}) => {
      onProgress({part: 'patterns', done, total});
    },
  });
}

async function gatherAnomalies(options: ReportInputs): Promise<AnomaliesDocument> {
  const {anomaliesPath, storePath, granularity, asOfUs, tool, signal, onProgress} = options;
  if (anomaliesPath !== undefined) return readAnomaliesFile(anomaliesPath);
  return findAnomalies({
    ...{storePath, granularity, metric: 'used-bytes', mode: 'batch', asOfUs, tool, signal},
    ...(options.openStore && {openStore: options.openStore}),
    createdAtUs: asOfUs,
    onProgress: ({done, total}) => {
      onProgress({part: 'anomalies', done, total});
    },
  });
}

async function gatherCourses(
  options: ReportInputs,
  plan: Plan | undefined,
): Promise<ForeseenScenarios | undefined> {
  const {topologyPath, onProgress} = options;
  if (topologyPath === undefined) return undefined;
  return foreseeScenarios({
    ...options,
    ...{topologyPath, plan, horizonSeconds: options.horizonSeconds},
    onProgress: (fit) => {
      onProgress({part: 'forecast', fit});
    },
  });
}

function sourcesOf(options: ReportInputs): ReportData['sources'] {
  const {patternsPath, anomaliesPath, topologyPath} = options;
  const isRead = patternsPath === undefined || anomaliesPath === undefined || topologyPath !== undefined;
  const named = {
    store: isRead ? options.storePath : undefined,
    topology: topologyPath,
    plan: options.planPath,
    patterns: patternsPath,
    anomalies: anomaliesPath,
    evaluation: options.evaluationPath,
    monitor: options.monitorPath,
    replay: options.replayPath,
  };
  return Object.entries(named).flatMap(([kind, name]) => (name === undefined ? [] : [{kind, name}]));
}

async function readJson(filePath: string): Promise<unknown> {
  const text = await readText(filePath);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError('not-json', `${filePath} is not JSON: ${errorText(error)}`, {cause: error});
  }
}
