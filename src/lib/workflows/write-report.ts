import {readFile} from 'node:fs/promises';

import type {z} from 'zod';

import {PLAN_KIND, type Plan} from '../allocation/index.js';
import {
  errorText,
  type Granularity,
  InputError,
  parseTimeZone,
  readArtifact,
  readText,
  writeFileAtomically,
} from '../core/index.js';
import type {FitProgress, PanelSource} from '../forecasting/index.js';
import {readAnomaliesFile} from '../patterns/index.js';
import {
  type AnomaliesDocument,
  EVALUATION_DOCUMENT,
  type PageParts,
  parseCommandDocument,
  PATTERNS_DOCUMENT,
  type PatternsDocument,
  renderReport,
  REPLAY_DOCUMENT,
  type ReportData,
} from '../report/index.js';
import {readTopology, type Topology} from '../topology/index.js';
import {findAnomalies} from './find-anomalies.js';
import {findPatterns} from './find-patterns.js';
import type {ForecastSource} from './forecast-series.js';
import {foreseeScenarios, type ForeseenScenarios} from './scenario-courses.js';
import {tightestCuts} from './tightest-cuts.js';

export interface ReportOptions {
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
  /** Path of the page; none is written when absent. */
  readonly out?: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ReportProgress) => void;
}

/** What is worked at. */
export type ReportProgress =
  | {readonly part: 'patterns' | 'anomalies'; readonly done: number; readonly total: number}
  | {readonly part: 'forecast'; readonly fit: FitProgress};

export interface ReportSummary {
  readonly out?: string;
  readonly bytes: number;
  readonly volumes: number;
  /** Parts that the report shows, and those that nothing was given for. */
  readonly parts: readonly string[];
  readonly absent: readonly string[];
  readonly warnings: readonly string[];
}

/** The folder of style and script lies in the package, at the same place beside dist and src. */
const PAGE_FOLDER = new URL('../../../report-page/', import.meta.url);

/**
 * Gathers what a report shows and writes it as one HTML file. Throws InputError when store, topology or a document cannot
 * be used.
 */
export async function writeReport(
  options: ReportOptions,
): Promise<{readonly summary: ReportSummary; readonly html: string}> {
  const data = await gather(options);
  const html = renderReport(data, await readPageParts());
  const {out} = options;
  if (out !== undefined) await writeFileAtomically(out, html);
  const shown = {
    plan: data.plan,
    courses: data.courses,
    patterns: data.patterns,
    anomalies: data.anomalies,
    evaluation: data.evaluation,
    replay: data.replay,
  };
  const names = Object.entries(shown);
  return {
    html,
    summary: {
      ...(out !== undefined && {out}),
      bytes: Buffer.byteLength(html),
      volumes: data.patterns?.subjects.filter(({subject}) => subject === 'volume').length ?? 0,
      parts: names.flatMap(([name, part]) => (part === undefined ? [] : [name])),
      warnings: data.warnings,
      absent: names.flatMap(([name, part]) => (part === undefined ? [name] : [])),
    },
  };
}

async function gather(options: ReportOptions): Promise<ReportData> {
  const {planPath, topologyPath} = options;
  const plan = planPath === undefined ? undefined : await readArtifact<Plan>(planPath, PLAN_KIND);
  const evaluation = await readDocument(options.evaluationPath, EVALUATION_DOCUMENT);
  const replay = await readDocument(options.replayPath, REPLAY_DOCUMENT);
  const topology = topologyPath === undefined ? undefined : await readTopology(topologyPath);
  const patterns = await gatherPatterns(options);
  const anomalies = await gatherAnomalies(options);
  const foreseen = await gatherCourses(options, plan);
  return {
    ...{title: options.title, tool: options.tool, sources: sourcesOf(options)},
    ...{plan, patterns, anomalies, evaluation, replay, courses: foreseen?.courses},
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

async function gatherPatterns(options: ReportOptions): Promise<PatternsDocument> {
  const {storePath, granularity, topologyPath, seed, asOfUs, signal, onProgress} = options;
  const given = await readDocument(options.patternsPath, PATTERNS_DOCUMENT);
  if (given !== undefined) return given;
  const zone = parseTimeZone('UTC');
  if (zone === undefined) throw new Error('broken invariant: UTC is no time zone');
  return findPatterns({
    ...{storePath, granularity, metric: 'used-bytes', topologyPath, zone, asOfUs, seed, signal},
    ...(options.openStore && {openStore: options.openStore}),
    onProgress: ({done, total}) => {
      onProgress({part: 'patterns', done, total});
    },
  });
}

async function gatherAnomalies(options: ReportOptions): Promise<AnomaliesDocument> {
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
  options: ReportOptions,
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

function sourcesOf(options: ReportOptions): ReportData['sources'] {
  const named = {
    store: options.storePath,
    topology: options.topologyPath,
    plan: options.planPath,
    patterns: options.patternsPath,
    anomalies: options.anomaliesPath,
    evaluation: options.evaluationPath,
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

async function readPageParts(): Promise<PageParts> {
  const [style, script] = await Promise.all(
    ['report.css', 'report.js'].map((name) => readFile(new URL(name, PAGE_FOLDER), 'utf8')),
  );
  return {style: style ?? '', script: script ?? ''};
}
