import path from 'node:path';
import {z} from 'zod';

import {
  checkSeal,
  formatInstantUs,
  GRANULARITY_SECONDS,
  InputError,
  parseArtifact,
  parseInstantUs,
  parseWith,
  readText,
  sealedText,
  shortHash,
  writeFileAtomically,
  type Granularity,
} from '../core/index.js';
import {METRICS, type Metric} from '../shadow-store/index.js';
import type {CalibratedModel} from './calibrated-fit.js';
import type {FittedModel} from './model.js';
import {FORECAST_MODELS} from './registry.js';
import {loadCalibration, saveCalibration, savedCalibration} from './saved-calibration.js';

const modelSchema = z.object({
  kind: z.literal('foreshadow.model'),
  version: z.literal(2),
  tool: z.string(),
  createdAt: z.iso.datetime(),
  /** See `sealedText`. */
  sha256: z.string(),
  model: z.string(),
  metric: z.enum(METRICS),
  granularity: z.enum(['hourly', 'daily', 'weekly']),
  stepSeconds: z.int().positive(),
  seasonSteps: z.array(z.int().positive()),
  /** The longest horizon it was trained for. */
  horizonSteps: z.int().positive(),
  seed: z.int(),
  trainedOn: z.object({
    from: z.iso.datetime(),
    /** End of the history that it was fitted and calibrated on. */
    until: z.iso.datetime(),
    steps: z.int().positive(),
    volumes: z.int().positive(),
    /** Of `panelSha256`. */
    sha256: z.string(),
  }),
  series: z.array(z.string()),
  calibration: savedCalibration,
  /** What the model itself keeps. */
  parameters: z.unknown(),
});

const MODEL_KIND = {kind: 'foreshadow.model', version: 2, schema: modelSchema} as const;

/** What a trained model is about: which numbers of which store it can forecast. */
export interface TrainedModel extends CalibratedModel {
  readonly metric: Metric;
  readonly granularity: Granularity;
  readonly horizonSteps: number;
  readonly trainedOn: TrainingSpan;
  readonly seed: number;
  readonly series: readonly string[];
}

/** The history that a model was fitted and calibrated on. */
export interface TrainingSpan {
  /** Epoch us. */
  readonly fromUs: number;
  readonly untilUs: number;
  readonly steps: number;
  readonly panelSha256: string;
}

/** A model file that was read. */
export interface ReadModel extends TrainedModel {
  readonly filePath: string;
  /** Of its content, wherever and whenever it was made. */
  readonly sha256: string;
}

/** Text and hash of a trained model as a file of kind foreshadow.model: the same model gives the same hash. */
export function modelFileText(
  trained: TrainedModel,
  {tool, createdAtUs}: {readonly tool: string; readonly createdAtUs: number},
): {readonly text: string; readonly sha256: string} {
  const {fitted, calibration, trainedOn, granularity} = trained;
  const file: z.input<typeof modelSchema> = {
    kind: 'foreshadow.model',
    version: 2,
    tool,
    createdAt: formatInstantUs(createdAtUs),
    sha256: '',
    model: fitted.model,
    metric: trained.metric,
    granularity,
    stepSeconds: GRANULARITY_SECONDS[granularity],
    seasonSteps: [...calibration.seasonSteps],
    horizonSteps: trained.horizonSteps,
    seed: trained.seed,
    trainedOn: {
      from: formatInstantUs(trainedOn.fromUs),
      until: formatInstantUs(trainedOn.untilUs),
      steps: trainedOn.steps,
      volumes: trained.series.length,
      sha256: trainedOn.panelSha256,
    },
    series: [...trained.series],
    calibration: saveCalibration(calibration),
    parameters: fitted.save(),
  };
  return sealedText(file);
}

/** Writes it wholly or not at all, and returns its hash. Throws TargetError. */
export async function writeModelFile(
  filePath: string,
  trained: TrainedModel,
  made: {readonly tool: string; readonly createdAtUs: number},
): Promise<string> {
  const {text, sha256} = modelFileText(trained, made);
  await writeFileAtomically(filePath, text);
  return sha256;
}

/**
 * Reads a model file. Throws InputError that names file, field and value: for another kind or version, bytes changed since
 * it was written, a hash that is not the one in its name, a model this program does not have, and parameters that are not that model's.
 */
export async function readModelFile(filePath: string): Promise<ReadModel> {
  const text = await readText(filePath);
  // Kind and version before the hash: a file of another version may be sealed otherwise.
  const data = parseArtifact(text, filePath, {...MODEL_KIND, schema: z.unknown()});
  const sha256 = checkSeal(text, filePath);
  checkName(filePath, sha256);
  const file = parseWith(modelSchema, data, filePath);
  checkStep(filePath, file);
  const {calibration, seasonSteps, metric, granularity, horizonSteps, seed, series, trainedOn} = file;
  return {
    ...{filePath, sha256, metric, granularity, horizonSteps, seed, series},
    fitted: await loadParameters(filePath, file.model, file.parameters),
    calibration: loadCalibration(calibration, seasonSteps),
    trainedOn: {
      fromUs: parseInstantUs(trainedOn.from) ?? Number.NaN,
      untilUs: parseInstantUs(trainedOn.until) ?? Number.NaN,
      steps: trainedOn.steps,
      panelSha256: trainedOn.sha256,
    },
  };
}

/** In the models folder a file's name holds the beginning of its hash: see `modelFileName`. */
function checkName(filePath: string, sha256: string): void {
  const [, told] = /\.([0-9a-f]{12})\.json$/.exec(path.basename(filePath)) ?? [];
  if (told === undefined || told === shortHash(sha256)) return;
  throw new InputError(
    'other-model',
    `${filePath}: sha256 is ${shortHash(sha256)}, its name says ${told}: another model was put in its place`,
    {hints: ['give it a name without a hash if that is meant', 'train the model again']},
  );
}

function checkStep(
  filePath: string,
  {stepSeconds, granularity}: {readonly stepSeconds: number; readonly granularity: Granularity},
): void {
  if (stepSeconds === GRANULARITY_SECONDS[granularity]) return;
  throw new InputError(
    'wrong-step',
    `${filePath}: stepSeconds is ${stepSeconds}, ${granularity} steps have ${GRANULARITY_SECONDS[granularity]} here`,
    {hints: ['train the model again with this version of foreshadow']},
  );
}

async function loadParameters(filePath: string, name: string, parameters: unknown): Promise<FittedModel> {
  const model = FORECAST_MODELS.find((known) => known.name === name);
  if (model) return model.load(parameters, `${filePath}: parameters`);
  throw new InputError('unknown-model', `${filePath}: model: there is no "${name}" in this program`, {
    hints: ['train the model again with this version of foreshadow'],
  });
}
