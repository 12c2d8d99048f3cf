import {z} from 'zod';

import {
  formatInstantUs,
  InputError,
  parseInstantUs,
  readArtifact,
  writeArtifact,
  type Granularity,
} from '../core/index.js';
import {METRICS, type Metric} from '../shadow-store/index.js';
import type {CalibratedModel} from './calibrated-fit.js';
import type {FittedModel} from './model.js';
import {FORECAST_MODELS} from './registry.js';
import {loadCalibration, saveCalibration, savedCalibration} from './saved-calibration.js';

const modelSchema = z.object({
  kind: z.literal('foreshadow.model'),
  version: z.literal(1),
  tool: z.string(),
  createdAt: z.iso.datetime(),
  model: z.string(),
  metric: z.enum(METRICS),
  granularity: z.enum(['hourly', 'daily', 'weekly']),
  seasonSteps: z.array(z.int().positive()),
  /** The longest horizon it was trained for. */
  horizonSteps: z.int().positive(),
  /** End of the history that it was fitted and calibrated on. */
  trainedUntil: z.iso.datetime(),
  seed: z.int(),
  series: z.array(z.string()),
  calibration: savedCalibration,
  /** What the model itself keeps. */
  parameters: z.unknown(),
});

const MODEL_KIND = {kind: 'foreshadow.model', version: 1, schema: modelSchema} as const;

/** What a trained model is about: which numbers of which store it can forecast. */
export interface TrainedModel extends CalibratedModel {
  readonly metric: Metric;
  readonly granularity: Granularity;
  readonly horizonSteps: number;
  /** Epoch us: the end of what it was trained on. */
  readonly trainedUntilUs: number;
  readonly seed: number;
  readonly series: readonly string[];
}

/** Writes a trained model as a file of kind foreshadow.model, wholly or not at all. Throws TargetError. */
export async function writeModelFile(
  filePath: string,
  trained: TrainedModel,
  {tool, createdAtUs}: {readonly tool: string; readonly createdAtUs: number},
): Promise<void> {
  const {fitted, calibration} = trained;
  const file: z.input<typeof modelSchema> = {
    kind: 'foreshadow.model',
    version: 1,
    tool,
    createdAt: formatInstantUs(createdAtUs),
    model: fitted.model,
    metric: trained.metric,
    granularity: trained.granularity,
    seasonSteps: [...calibration.seasonSteps],
    horizonSteps: trained.horizonSteps,
    trainedUntil: formatInstantUs(trained.trainedUntilUs),
    seed: trained.seed,
    series: [...trained.series],
    calibration: saveCalibration(calibration),
    parameters: fitted.save(),
  };
  await writeArtifact(filePath, file);
}

/**
 * Reads what `writeModelFile` wrote. Throws InputError that names file, field and value, also for a model this
 * program does not have and for parameters that are not that model's.
 */
export async function readModelFile(filePath: string): Promise<TrainedModel> {
  const file = await readArtifact(filePath, MODEL_KIND);
  const {calibration, seasonSteps, metric, granularity, horizonSteps, seed, series} = file;
  const trainedUntilUs = parseInstantUs(file.trainedUntil) ?? Number.NaN;
  return {
    fitted: await loadParameters(filePath, file.model, file.parameters),
    calibration: loadCalibration(calibration, seasonSteps),
    ...{metric, granularity, horizonSteps, trainedUntilUs, seed, series},
  };
}

async function loadParameters(filePath: string, name: string, parameters: unknown): Promise<FittedModel> {
  const model = FORECAST_MODELS.find((known) => known.name === name);
  if (model) return model.load(parameters, `${filePath}: parameters`);
  throw new InputError('unknown-model', `${filePath}: model: there is no "${name}" in this program`, {
    hints: ['train the model again with this version of foreshadow'],
  });
}
