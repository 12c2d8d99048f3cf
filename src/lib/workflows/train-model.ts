import path from 'node:path';

import {createRandom, US_PER_SECOND, type Granularity, type Series} from '../core/index.js';
import {
  checkCalibration,
  fitCalibrated,
  forecastModel,
  horizonStepsOf,
  keepModel,
  modelsFolderOf,
  panelSha256,
  readPanel,
  removeCheckpoints,
  SEASON_STEPS,
  withModelThreads,
  writeModelFile,
  type Coverage,
  type FitProgress,
  type PanelSource,
  type TrainedModel,
  type TrainingSpan,
} from '../forecasting/index.js';
import {openShadowStore, type Metric} from '../shadow-store/index.js';
import {readMarks} from './read-marks.js';

export interface TrainOptions {
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<PanelSource & {close(): void}>;
  readonly model: string;
  readonly granularity: Granularity;
  readonly metric: Metric;
  /** All volumes when absent. */
  readonly volumes?: readonly string[] | undefined;
  readonly horizonSeconds: number;
  readonly asOfUs: number;
  /** Path of an anomalies file: its stretches are marked (`fitCalibrated`); none is when absent. */
  readonly anomaliesPath?: string | undefined;
  readonly createdAtUs: number;
  readonly seed: number;
  /** As many as there are cores when absent. */
  readonly threads?: number | undefined;
  /** Path of the model file; in the models folder, under a name of its own, when absent. */
  readonly out?: string | undefined;
  /** Beside the store when absent. */
  readonly modelsFolder?: string | undefined;
  readonly tool: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FitProgress) => void;
  /** Told what people should know while it goes on, such as that an interrupted training is resumed. */
  readonly onRemark?: (text: string) => void;
}

/** What was trained. */
export interface TrainSummary {
  /** Path of the model file. */
  readonly out: string;
  /** Of its content: the same for the same history, options and seed. */
  readonly sha256: string;
  readonly model: string;
  readonly metric: Metric;
  readonly granularity: Granularity;
  readonly horizonSteps: number;
  readonly series: number;
  /** Of history, calibration included. */
  readonly steps: number;
  readonly trainedUntilUs: number;
  readonly calibrationOrigins: number;
  /** Coverage of the newest horizon by what was known before it; absent when the history is too short to check. */
  readonly coverage?: readonly Coverage[];
  /** What the model tells of its fit. */
  readonly notes: Readonly<Record<string, string | number>>;
  /** What was told while it went on. */
  readonly remarks: readonly string[];
}

const CHECKED_LEVELS = [0.1, 0.9];

/**
 * Fits and calibrates one model on the whole steps of the store that had ended at `asOfUs`, and writes the model
 * file. An interrupted training of networks goes on from its last checkpoint and gives the same bytes as one that was not
 * interrupted; checkpoints are removed at success. Throws UsageError for an unknown model, InputError when the store cannot be used or is too short.
 */
export async function trainModel(options: TrainOptions): Promise<TrainSummary> {
  const {granularity, metric, seed, signal, onProgress} = options;
  const remarks: string[] = [];
  const onRemark = (text: string): void => {
    remarks.push(text);
    options.onRemark?.(text);
  };
  const model = forecastModel(options.model);
  const horizonSteps = horizonStepsOf(options.horizonSeconds, granularity);
  const seasonSteps = SEASON_STEPS[granularity];
  const store = await (options.openStore ?? openShadowStore)(options.storePath);
  try {
    const panel = await readPanel(store, options);
    const marks = await readMarks(options.anomaliesPath, metric);
    const [random, folder] = [createRandom(seed), checkpointFolder(options)];
    const checkpoints = {folder, tool: options.tool};
    const {fitted, calibration, coverage} = await withModelThreads(
      {count: options.threads, series: panel.length, signal},
      async (threads) => {
        const fit = {horizonSteps, seasonSteps, marks, random, signal, threads, checkpoints};
        const calibrated = await fitCalibrated(model, panel, {...fit, onProgress, onRemark});
        const checked = {horizonSteps, seasonSteps, levels: CHECKED_LEVELS};
        return {...calibrated, coverage: await checkCalibration(calibrated.fitted, panel, checked)};
      },
    );
    const trainedOn = spanOf(panel);
    const about = {metric, granularity, horizonSteps, trainedOn, seed, series: panel.map(({id}) => id)};
    const kept = await keep({fitted, calibration, ...about}, options);
    await removeCheckpoints(folder);
    return {
      ...{out: kept.filePath, sha256: kept.sha256, model: model.name, metric, granularity, horizonSteps},
      trainedUntilUs: trainedOn.untilUs,
      series: panel.length,
      steps: panel[0]?.values.length ?? 0,
      calibrationOrigins: calibration.originCount,
      ...(coverage && {coverage}),
      notes: {...fitted.notes, ...(marks.length > 0 && {'marked stretches': marks.length})},
      remarks,
    };
  } finally {
    store.close();
  }
}

/** A place of its own for what is trained, so that trainings of several models may run side by side. */
function checkpointFolder({out, storePath, modelsFolder, model, granularity, metric}: TrainOptions): string {
  if (out !== undefined) return `${out}.checkpoints`;
  const folder = modelsFolder ?? modelsFolderOf(storePath);
  return path.join(folder, 'checkpoints', `${model}.${granularity}.${metric}`);
}

async function keep(
  trained: TrainedModel,
  {out, storePath, modelsFolder = modelsFolderOf(storePath), tool, createdAtUs}: TrainOptions,
): Promise<{readonly filePath: string; readonly sha256: string}> {
  const made = {tool, createdAtUs};
  if (out === undefined) return keepModel(modelsFolder, trained, made);
  return {filePath: out, sha256: await writeModelFile(out, trained, made)};
}

/** The store's series are all over the same steps. */
function spanOf(panel: readonly Series[]): TrainingSpan {
  const [{startUs, stepSeconds, values} = {startUs: 0, stepSeconds: 0, values: []}] = panel;
  return {
    fromUs: startUs,
    untilUs: startUs + values.length * stepSeconds * US_PER_SECOND,
    steps: values.length,
    panelSha256: panelSha256(panel),
  };
}
