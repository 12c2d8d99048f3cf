import {readFile} from 'node:fs/promises';
import {setImmediate} from 'node:timers/promises';

import {
  errorText,
  formatBytes,
  formatInstantUs,
  type Granularity,
  GRANULARITY_SECONDS,
  InputError,
  type Series,
  US_PER_SECOND,
  writeArtifact,
  writeFileAtomically,
} from '../core/index.js';
import {type PanelSource, readPanel} from '../forecasting/index.js';
import {
  ANOMALIES_KIND,
  ANOMALIES_VERSION,
  type AnomaliesFile,
  type Anomaly,
  type AnomalyRules,
  detectAnomalies,
  type DetectionOptions,
  findFleetEvents,
  type FleetEvent,
  parseAnomalyRules,
  writtenAnomaly,
} from '../patterns/index.js';
import {type Metric, openShadowStore} from '../shadow-store/index.js';
import {anomaliesCsv} from './anomalies-csv.js';
import {labelsFileOf, readLabels, readLabelsIfAny} from './anomaly-labels-file.js';
import {panelSpan} from './panel-span.js';

export interface FindAnomaliesOptions {
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<PanelSource & {close(): void}>;
  readonly granularity: Granularity;
  readonly metric: Metric;
  /** All volumes when absent. */
  readonly volumes?: readonly string[] | undefined;
  readonly mode: 'online' | 'batch';
  /** Path of the rules (JSON) of what counts; all does when absent. */
  readonly rulesPath?: string | undefined;
  /** Path of people's labels; beside the store when absent, where there need not be any. */
  readonly labelsPath?: string | undefined;
  readonly asOfUs: number;
  /** Path of the anomalies file; none is written when absent. */
  readonly out?: string | undefined;
  readonly csv?: string | undefined;
  readonly tool: string;
  readonly createdAtUs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: {readonly done: number; readonly total: number}) => void;
}

export interface AnomaliesSummary extends Omit<AnomaliesFile, 'kind' | 'version' | 'tool' | 'createdAt'> {
  readonly labels: number;
  readonly out?: string;
  readonly csv?: string;
}

/**
 * What was out of the ordinary in the volumes of a store, and which of it struck many at once. Throws InputError when store,
 * rules or labels cannot be used, or for a volume that the store does not know.
 */
export async function findAnomalies(options: FindAnomaliesOptions): Promise<AnomaliesSummary> {
  const {storePath, metric, granularity, mode, out, csv, tool, createdAtUs} = options;
  const rules = options.rulesPath === undefined ? undefined : await readRules(options.rulesPath);
  const labels = await (options.labelsPath === undefined
    ? readLabelsIfAny(labelsFileOf(storePath))
    : readLabels(options.labelsPath));
  const panel = await readHistories(options);
  const detection = {mode, labels, ...(rules && {rules}), formatValue: writerOf(metric)};
  const anomalies = await detectAll(judgedOf(panel, metric), detection, options);
  const withinUs = GRANULARITY_SECONDS[granularity] * US_PER_SECOND;
  const {events} = findFleetEvents(anomalies, {volumes: panel.length, withinUs});
  const found = {
    ...{metric, granularity, mode, ...panelSpan(panel), volumes: panel.length},
    anomalies: anomalies.map(writtenAnomaly),
    events: events.map(writtenEvent),
  };
  if (out !== undefined) {
    const createdAt = formatInstantUs(createdAtUs);
    const file: AnomaliesFile = {
      ...{kind: ANOMALIES_KIND, version: ANOMALIES_VERSION, tool, createdAt},
      ...found,
    };
    await writeArtifact(out, file);
  }
  if (csv !== undefined) await writeFileAtomically(csv, anomaliesCsv(found.anomalies));
  return {
    ...{...found, labels: labels.length},
    ...(out !== undefined && {out}),
    ...(csv !== undefined && {csv}),
  };
}

/** Of used bytes the growth by step: a level that rises is never where it was. */
function judgedOf(panel: readonly Series[], metric: Metric): readonly Series[] {
  if (metric !== 'used-bytes') return panel;
  return panel.map((series) => {
    const growth = series.values.map((value, step) => value - (series.values[step - 1] ?? Number.NaN));
    return {...series, values: growth};
  });
}

async function detectAll(
  panel: readonly Series[],
  detection: DetectionOptions,
  {metric, signal, onProgress}: Pick<FindAnomaliesOptions, 'metric' | 'signal' | 'onProgress'>,
): Promise<readonly Anomaly[]> {
  const anomalies: Anomaly[] = [];
  for (const [done, series] of panel.entries()) {
    // Ctrl-C is heard between two volumes.
    await setImmediate();
    signal.throwIfAborted();
    const found = detectAnomalies(series, detection);
    // A volume that does not grow, or a gap that used bytes are carried over, is no silence.
    anomalies.push(...(metric === 'used-bytes' ? found.filter(({kind}) => kind !== 'silence') : found));
    onProgress({done: done + 1, total: panel.length});
  }
  return anomalies;
}

async function readHistories(options: FindAnomaliesOptions): Promise<readonly Series[]> {
  const store = await (options.openStore ?? openShadowStore)(options.storePath);
  try {
    return await readPanel(store, options);
  } finally {
    store.close();
  }
}

async function readRules(filePath: string): Promise<AnomalyRules> {
  let data: unknown;
  try {
    data = JSON.parse(await readFile(filePath, 'utf8'));
  } catch (error) {
    throw new InputError('cannot-read-rules', `cannot read rules from ${filePath}: ${errorText(error)}`, {
      hints: ['JSON such as {"classes": [{"volumes": "scratch-*", "leastSeverity": "critical"}]}'],
      cause: error,
    });
  }
  return parseAnomalyRules(data, filePath);
}

function writerOf(metric: Metric): (value: number) => string {
  const isBytes = metric.endsWith('bytes');
  return (value) => {
    if (!isBytes) return String(Number(value.toPrecision(4)));
    return `${value < 0 ? '-' : ''}${formatBytes(Math.round(Math.abs(value)))}`;
  };
}

function writtenEvent({startUs, endUs, kind, volumes, text}: FleetEvent): AnomaliesFile['events'][number] {
  return {startUs, endUs, kind, volumes: [...volumes], text};
}
