import {z} from 'zod';

import {canonicalJson, InputError, parseWith, sha256Hex, UsageError, type Series} from '../core/index.js';
import {openCheckpoints} from './checkpoints.js';
import {decodeFloat32, encodeFloat32} from './float-text.js';
import {fillGaps, fromFirstKnown, heldOutHorizons, panelSteps, requireSteps, seenSeasons} from './history.js';
import {BAND_LEVELS, type FitOptions, type FittedModel, type ForecastModel} from './model.js';
import {firstWeights, splitWeights, type NetKind, type NetShape} from './neural/net.js';
import {predictBands, type TrainedNet} from './neural/predict-net.js';
import {openTensorBackend, type TensorBackend} from './neural/tensor-backend.js';
import {trainNet} from './neural/train-net.js';
import {panelSha256} from './panel-hash.js';
import {bestRepetition, leastScale, type WindowPlace, type WindowRange} from './neural/windows.js';

export interface NetSettings {
  readonly name: string;
  readonly summary: string;
  readonly kind: NetKind;
  readonly hiddenUnits: number;
  /** The most patches (seasons) of a window; two at least. */
  readonly mostPatches: number;
  readonly batchRows: number;
  /** How often each window should be seen, and the most updates that may be spent on it. */
  readonly epochs: number;
  readonly mostRounds: number;
  readonly rate: number;
}

/** Of larger panels every so manieth series is learned from: more say little new. */
const MOST_LEARNED = 2000;
const MOST_HELD_OUT = 256;
const LEAST_ROUNDS = 100;

/**
 * A network for all series together, over windows of whole seasons (days of hours), scaled by their own mean and
 * deviation, trained by pinball loss at `BAND_LEVELS` on TensorFlow.js. The end of the history is held out to stop
 * training in time (`heldOutHorizons`). Gaps are filled with the value a season earlier. A history shorter than the window is extended
 * backwards by its first season; one that never moved is foreseen as it is, and not learned from.
 */
export function acrossSeries(settings: NetSettings): ForecastModel {
  const {name, summary} = settings;
  return {
    ...{name, summary, scope: 'panel'},
    fit: (panel, options) => fit(panel, options, settings),
    load: (data, source = name) => Promise.resolve().then(() => load(data, source, settings)),
  };
}

const savedSchema = z.object({
  patchSteps: z.int().positive(),
  patchCount: z.int().positive(),
  hiddenUnits: z.int().positive(),
  horizonSteps: z.int().positive(),
  levels: z.array(z.number()).refine((levels) => levels.join() === BAND_LEVELS.join(), {
    message: `must be ${BAND_LEVELS.join(', ')}`,
  }),
  unseenSteps: z.int().nonnegative(),
  trainedOn: z.string(),
  rounds: z.int().nonnegative(),
  loss: z.number().optional(),
  /** Little-endian 32-bit floats. */
  weights: z.base64(),
});

interface Learned extends TrainedNet {
  readonly name: string;
  readonly unseenSteps: number;
  readonly trainedOn: string;
  readonly rounds: number;
  readonly loss?: number | undefined;
}

async function fit(
  panel: readonly Series[],
  options: FitOptions,
  settings: NetSettings,
): Promise<FittedModel> {
  const shape = shapeFor(panel, options, settings);
  const backend = await openTensorBackend();
  const {name, kind, batchRows, rate} = settings;
  const {ranges, heldOut, unseenSteps} = divide(panel, shape);
  const rounds = roundsFor(ranges, settings);
  const {random, seasonSteps, signal, onProgress, onRemark} = options;
  const repeatSteps = bestRepetition(ranges, shape, seasonSteps, random.fork('repetition'));
  const inputsSha256 = hashOfInputs(panel, options, settings, {shape, backend: backend.name});
  const checkpoints = await openCheckpoints(options.checkpoints, {model: name, inputsSha256}, onRemark);
  const learned = await trainNet(backend, {
    ...{kind, shape, ranges, heldOut, rounds, batchRows, rate, signal},
    start: firstWeights(kind, shape, repeatSteps, random.fork('weights')),
    random: random.fork('batches'),
    ...checkpoints,
    onProgress: (progress) => onProgress?.({model: name, unit: 'steps', ...progress}),
  });
  const loss = Number.isFinite(learned.loss) ? learned.loss : undefined;
  const about = {name, kind, shape, unseenSteps, trainedOn: backend.name, loss};
  return fitted({...about, weights: learned.weights, rounds: learned.rounds}, backend);
}

/** How often weights are updated: each window is seen as often as the settings say, within their bounds. */
function roundsFor(
  ranges: readonly WindowRange[],
  {epochs, batchRows, mostRounds}: Pick<NetSettings, 'epochs' | 'batchRows' | 'mostRounds'>,
): number {
  const windowCount = ranges.reduce((total, {from, to}) => total + to - from + 1, 0);
  const wanted = Math.ceil((epochs * windowCount) / batchRows);
  return windowCount === 0 ? 0 : Math.min(mostRounds, Math.max(LEAST_ROUNDS, wanted));
}

/** Of all that the weights depend on: a checkpoint belongs to it. */
function hashOfInputs(
  panel: readonly Series[],
  {checkpoints, horizonSteps, seasonSteps, random}: FitOptions,
  {kind, ...settings}: NetSettings,
  about: {readonly shape: NetShape; readonly backend: string},
): string {
  const options = {tool: checkpoints?.tool, horizonSteps, seasonSteps, seed: random.seed};
  const inputs = {...options, ...about, kind: kind.name, settings, panel: panelSha256(panel)};
  return sha256Hex(canonicalJson(inputs));
}

/**
 * Patches of the shortest season of which two fit before a horizon, else of one step; as many as fit, at least 2 where
 * they do.
 */
function shapeFor(panel: readonly Series[], options: FitOptions, settings: NetSettings): NetShape {
  const longest = panel
    .map(({values}) => fromFirstKnown(values))
    .reduce((most, known) => (known.length > most.length ? known : most), new Float64Array());
  requireSteps(settings.name, panel, 2 + options.horizonSteps);
  const [season = 1] = seenSeasons(longest, options.seasonSteps);
  const patchSteps = 2 * season + options.horizonSteps <= longest.length ? season : 1;
  const patchCount = Math.min(
    settings.mostPatches,
    Math.floor((longest.length - options.horizonSteps) / patchSteps),
  );
  const {hiddenUnits} = settings;
  return {patchSteps, patchCount, hiddenUnits, horizonSteps: options.horizonSteps, levels: BAND_LEVELS};
}

/** Origins to learn from, and the newest ones of each series, held out where the longest can spare them. */
function divide(
  panel: readonly Series[],
  {patchSteps, patchCount, horizonSteps}: NetShape,
): {
  readonly ranges: readonly WindowRange[];
  readonly heldOut: readonly WindowPlace[];
  readonly unseenSteps: number;
} {
  const from = patchSteps * patchCount;
  const horizons = heldOutHorizons(panelSteps(panel), horizonSteps);
  const unseenSteps = panelSteps(panel) >= from + (horizons + 1) * horizonSteps ? horizons * horizonSteps : 0;
  const every = Math.ceil(panel.length / MOST_LEARNED);
  const moving = panel
    .filter((_, index) => index % every === 0)
    .map(({values}) => fillGaps(fromFirstKnown(values), patchSteps))
    .map((values) => ({values, leastScale: leastScale(values)}))
    .filter((series) => series.leastScale > 0);
  const ranges = moving
    .map((series) => ({...series, from, to: series.values.length - horizonSteps - unseenSteps}))
    .filter(({to}) => to >= from);
  const newest = moving
    .flatMap((series) =>
      Array.from({length: horizons}, (_, back) => ({
        ...series,
        origin: series.values.length - (back + 1) * horizonSteps,
      })),
    )
    .filter(({origin}) => unseenSteps > 0 && origin >= from);
  const examEvery = Math.ceil(newest.length / MOST_HELD_OUT);
  return {ranges, unseenSteps, heldOut: newest.filter((_, index) => index % examEvery === 0)};
}

function fitted(learned: Learned, opened?: TensorBackend): FittedModel {
  const {name, shape, weights, unseenSteps, trainedOn, rounds, loss} = learned;
  let backend = opened;
  const bands: FittedModel['predictBands'] = async (histories, horizonSteps) => {
    if (horizonSteps > shape.horizonSteps) {
      throw new UsageError(
        'horizon-too-long',
        `model ${name} was trained for ${shape.horizonSteps} steps, not for ${horizonSteps}`,
        {hints: ['a shorter --horizon', 'train with a longer one']},
      );
    }
    backend ??= await openTensorBackend();
    return predictBands(backend, learned, histories, horizonSteps);
  };
  const median = shape.levels.indexOf(0.5);
  return {
    model: name,
    predict: async (histories, horizonSteps) =>
      (await bands(histories, horizonSteps)).map((band) => band[median] ?? new Float64Array()),
    predictBands: bands,
    unseenSteps,
    notes: {
      'neural back end': trainedOn,
      rounds,
      ...(loss !== undefined && {'pinball loss (scaled)': loss}),
      weights: weights.length,
    },
    save: () => ({
      ...shape,
      unseenSteps,
      trainedOn,
      rounds,
      ...(loss !== undefined && {loss}),
      weights: encodeFloat32(weights),
    }),
  };
}

function load(data: unknown, source: string, {name, kind}: NetSettings): FittedModel {
  const {
    weights: text,
    unseenSteps,
    trainedOn,
    rounds,
    loss,
    ...shape
  } = parseWith(savedSchema, data, source);
  const weights = decodeFloat32(text);
  const fits = weights !== undefined && splitWeights(kind.weights(shape), weights) !== undefined;
  if (fits && weights.every((weight) => Number.isFinite(weight)))
    return fitted({name, kind, shape, weights, unseenSteps, trainedOn, rounds, loss});
  throw new InputError(
    'bad-weights',
    `${source}: weights: not the finite numbers that a network of this shape has`,
    {hints: ['train the model again']},
  );
}
