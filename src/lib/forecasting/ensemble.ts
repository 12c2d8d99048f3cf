import {z} from 'zod';

import {InputError, invariant, mean, parseWith, type Series} from '../core/index.js';
import {pinballLoss} from './accuracy.js';
import {calibrate, calibrationWindow, forecastQuantiles, type Calibration} from './conformal.js';
import {
  cutEnd,
  fromFirstKnown,
  heldOutHorizons,
  panelSteps,
  requireSteps,
  scaleSeason,
  seasonalScale,
} from './history.js';
import {onThreads} from './on-threads.js';
import {BAND_LEVELS, type FitOptions, type FittedModel, type ForecastModel} from './model.js';
import {loadCalibration, saveCalibration, savedCalibration} from './saved-calibration.js';

type Band = readonly Float64Array[];

/** A model of the ensemble; one that learns no quantiles has a calibration of its own to make them. */
interface Member {
  readonly fitted: FittedModel;
  readonly calibration?: Calibration | undefined;
}

/** Of larger panels every so manieth series is asked which models to take; the taken ones are then fitted on all. */
const MOST_SERIES_ASKED = 400;
/** More models than this say little new. */
const MOST_MEMBERS = 7;

/**
 * Several models as one: the quantiles of those that together did best on the last horizons of the history
 * (`heldOutHorizons`), level by level their median (of an even number: the mean of the middle two). They are added
 * greedily (Caruana et al. 2004, without repetition) by the pinball loss over all levels (`againstReference`); of sets that do as well as the best within a standard error the largest is taken (Breiman et al. 1984, 3.4.3,
 * turned round: more models err less together). The first model of the list wins alone unless it is beaten.
 * Networks have not seen those horizons; parameters of models of single series have, which matters little beside their few
 * numbers. A model that refuses the panel is left out.
 */
export function createEnsemble(
  name: string,
  summary: string,
  models: readonly ForecastModel[],
): ForecastModel {
  return {
    ...{name, summary, scope: 'several'},
    fit: (panel, options) => fit(name, models, panel, options),
    load: (data, source = name) => load(name, models, data, source),
  };
}

async function fit(
  name: string,
  singles: readonly ForecastModel[],
  panel: readonly Series[],
  options: FitOptions,
): Promise<FittedModel> {
  requireSteps(name, panel, 1);
  const models = singles.map((model) => onThreads(model, options.threads));
  const every = Math.ceil(panel.length / MOST_SERIES_ASKED);
  const asked = panel.filter((_, index) => index % every === 0);
  const candidates = await fitMembers(models, panel, asked, options);
  const {chosen, losses} = await chooseMembers(candidates, asked, options);
  const members: Member[] = [];
  for (const member of chosen) {
    const model = models.find((known) => known.name === member.fitted.model);
    invariant(model !== undefined, 'a member that is not in the list');
    const isWhole = every === 1 || model.scope === 'panel';
    members.push(isWhole ? member : ((await fitMember(model, panel, asked, options)) ?? member));
  }
  return combined(name, members, options.seasonSteps, losses);
}

/** In the order of the models; one after the other, or all at once where threads do the work. */
async function fitMembers(
  models: readonly ForecastModel[],
  panel: readonly Series[],
  asked: readonly Series[],
  options: FitOptions,
): Promise<readonly Member[]> {
  let done = 0;
  const fitOne = async (model: ForecastModel): Promise<Member | undefined> => {
    const member = await fitMember(model, model.scope === 'each' ? asked : panel, asked, options);
    done += 1;
    options.onProgress?.({done, total: models.length + 1, loss: 0});
    return member;
  };
  if (options.threads) return (await Promise.all(models.map(fitOne))).flatMap((member) => member ?? []);
  const members: Member[] = [];
  for (const model of models) members.push(...[await fitOne(model)].flatMap((member) => member ?? []));
  return members;
}

async function fitMember(
  model: ForecastModel,
  panel: readonly Series[],
  asked: readonly Series[],
  options: FitOptions,
): Promise<Member | undefined> {
  const {horizonSteps, seasonSteps, signal} = options;
  try {
    const fitted = await model.fit(panel, {
      ...{horizonSteps, seasonSteps, random: options.random.fork(model.name)},
      ...(signal && {signal}),
    });
    if (fitted.predictBands) return {fitted};
    const window = calibrationWindow(panelSteps(asked), horizonSteps, asked.length);
    return {fitted, calibration: await calibrate(fitted, asked, {seasonSteps, window})};
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function bandsOf(
  {fitted, calibration}: Member,
  histories: readonly Series[],
  horizonSteps: number,
): Promise<readonly Band[]> {
  if (fitted.predictBands) return fitted.predictBands(histories, horizonSteps);
  invariant(calibration !== undefined, `${fitted.model} has neither quantiles nor a calibration`);
  const options = {horizonSteps, levels: BAND_LEVELS, lowest: -Infinity};
  return forecastQuantiles(fitted, calibration, histories, options).then((forecasts) =>
    forecasts.map(({quantiles}) => quantiles),
  );
}

interface Choice {
  readonly chosen: readonly Member[];
  /** Loss of each candidate alone, and of the chosen together, as a share of the first candidate's. */
  readonly losses: Readonly<Record<string, number>>;
}

async function chooseMembers(
  candidates: readonly Member[],
  asked: readonly Series[],
  options: FitOptions,
): Promise<Choice> {
  const origins = await bandsAtOrigins(candidates, asked, options);
  const reference = seriesLosses(asked, origins, [0], options.seasonSteps);
  const lossesOf = (members: readonly number[]): Float64Array =>
    againstReference(seriesLosses(asked, origins, members, options.seasonSteps), reference);
  const alone = candidates.map((_, index) => mean(lossesOf([index])));
  const found = grow(alone, lossesOf);
  const isBeaten = found.loss < (alone[0] ?? Infinity) || Number.isNaN(alone[0]);
  const chosen = isBeaten ? found.members : [0];
  return {
    chosen: chosen.flatMap((index) => candidates[index] ?? []),
    losses: finiteOnly({
      ...Object.fromEntries(candidates.map(({fitted}, index) => [fitted.model, alone[index] ?? Number.NaN])),
      together: isBeaten ? found.loss : (alone[0] ?? Number.NaN),
    }),
  };
}

/** What the candidates foresaw at one past origin: `bands[candidate][series]`. */
interface OriginBands {
  readonly histories: readonly Series[];
  readonly bands: readonly (readonly Band[])[];
}

async function bandsAtOrigins(
  candidates: readonly Member[],
  asked: readonly Series[],
  {horizonSteps}: FitOptions,
): Promise<readonly OriginBands[]> {
  const steps = Math.min(horizonSteps, Math.floor(panelSteps(asked) / 2));
  const origins: OriginBands[] = [];
  for (let back = 1; back <= heldOutHorizons(panelSteps(asked), horizonSteps); back += 1) {
    const histories = asked.map((series) => cutEnd(series, back * steps));
    const bands: (readonly Band[])[] = [];
    for (const member of candidates) bands.push(await bandsOf(member, histories, steps));
    origins.push({histories, bands});
  }
  return origins;
}

interface Grown {
  readonly members: readonly number[];
  readonly loss: number;
}

/** Adds the model that makes the least loss, over and over; keeps the largest set that is within a standard error of the best. */
function grow(alone: readonly number[], lossesOf: (members: readonly number[]) => Float64Array): Grown {
  const usable = alone.flatMap((loss, index) => (Number.isFinite(loss) ? [index] : []));
  const path: (Grown & {readonly losses: Float64Array})[] = [];
  while (path.length < Math.min(MOST_MEMBERS, usable.length)) {
    const taken = path.at(-1)?.members ?? [];
    const grown = usable
      .filter((index) => !taken.includes(index))
      .map((index) => {
        const losses = lossesOf([...taken, index]);
        return {members: [...taken, index], losses, loss: mean(losses)};
      });
    const [first, ...others] = grown;
    if (!first) break;
    path.push(others.reduce((least, one) => (one.loss < least.loss ? one : least), first));
  }
  const [first, ...others] = path;
  if (!first) return {members: [0], loss: Number.NaN};
  const best = others.reduce((least, one) => (one.loss < least.loss ? one : least), first);
  const close = path.filter((one) => one.loss - best.loss <= standardError(one.losses, best.losses));
  return close.at(-1) ?? best;
}

/** Of the mean difference of paired losses. */
function standardError(left: Float64Array, right: Float64Array): number {
  const differences = left.map((loss, index) => loss - (right[index] ?? Number.NaN));
  const centre = mean(differences);
  const squares = differences.reduce((total, value) => total + (value - centre) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, differences.length - 1) / Math.max(1, differences.length));
}

/** Mean pinball losses of one series: in units of its scale, and in its own unit. */
interface SeriesLoss {
  readonly scaled: number;
  readonly plain: number;
}

/** One a series that has a scale and whose outcomes are known: the same series whatever the members. */
function seriesLosses(
  asked: readonly Series[],
  origins: readonly OriginBands[],
  members: readonly number[],
  seasonSteps: readonly number[],
): readonly SeriesLoss[] {
  return asked.flatMap(({values}, index) => {
    const ofOrigins = origins.flatMap(({histories, bands}) => {
      const history = histories[index]?.values ?? new Float64Array();
      const known = fromFirstKnown(history);
      const scale = seasonalScale(known, scaleSeason(known, seasonSteps));
      const band = middle(members.map((member) => bands[member]?.[index] ?? []));
      const plain = bandLoss(band, values.subarray(history.length));
      return scale > 0 && Number.isFinite(plain) ? [{plain, scaled: Math.min(plain / scale, MOST_LOSS)}] : [];
    });
    if (ofOrigins.length === 0) return [];
    return [
      {scaled: mean(ofOrigins.map(({scaled}) => scaled)), plain: mean(ofOrigins.map(({plain}) => plain))},
    ];
  });
}

/**
 * Losses by series whose mean is 1 for the reference: half of what each loses in units of its scale, where all series
 * count the same, and half in their own unit, where large volumes count more, as they do for the space they need.
 */
function againstReference(losses: readonly SeriesLoss[], reference: readonly SeriesLoss[]): Float64Array {
  const scaled = mean(reference.map((loss) => loss.scaled)) || 1;
  const plain = mean(reference.map((loss) => loss.plain)) || 1;
  return Float64Array.from(losses, (loss) => (loss.scaled / scaled + loss.plain / plain) / 2);
}

function finiteOnly(losses: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(losses).filter(([, loss]) => Number.isFinite(loss)));
}

/** In units of the scale: one series that jumped must not choose for all. */
const MOST_LOSS = 20;

function bandLoss(band: Band, after: Float64Array): number {
  let [total, count] = [0, 0];
  const outcome = after.subarray(0, band[0]?.length ?? 0);
  for (const [step, y] of outcome.entries()) {
    if (Number.isNaN(y)) continue;
    for (const [index, path] of band.entries())
      total += 2 * pinballLoss(y, path[step] ?? Number.NaN, BAND_LEVELS[index] ?? 0.5);
    count += band.length;
  }
  return count === 0 ? Number.NaN : total / count;
}

/** Level by level and step by step the median of the members' quantiles; of two their mean. */
function middle(bands: readonly Band[]): Band {
  const [first] = bands;
  if (bands.length === 1 && first) return first;
  const row = new Float64Array(bands.length);
  const half = Math.floor(bands.length / 2);
  return BAND_LEVELS.map((_, level) =>
    (first?.[level] ?? new Float64Array()).map((__, step) => {
      for (const [index, band] of bands.entries()) row[index] = band[level]?.[step] ?? Number.NaN;
      row.sort();
      const upper = row[half] ?? Number.NaN;
      return bands.length % 2 === 1 ? upper : ((row[half - 1] ?? Number.NaN) + upper) / 2;
    }),
  );
}

function combined(
  name: string,
  members: readonly Member[],
  seasonSteps: readonly number[],
  losses: Readonly<Record<string, number>>,
): FittedModel {
  const predictBands = async (
    histories: readonly Series[],
    horizonSteps: number,
  ): Promise<readonly Band[]> => {
    const bands: (readonly Band[])[] = [];
    for (const member of members) bands.push(await bandsOf(member, histories, horizonSteps));
    return histories.map((_, index) => middle(bands.map((one) => one[index] ?? [])));
  };
  const median = BAND_LEVELS.indexOf(0.5);
  return {
    model: name,
    predict: async (histories, horizonSteps) =>
      (await predictBands(histories, horizonSteps)).map((band) => band[median] ?? new Float64Array()),
    predictBands,
    notes: {
      members: members.map(({fitted}) => fitted.model).join(', '),
      ...Object.fromEntries(
        Object.entries(losses).map(([model, loss]) => [`loss ${model}`, Number(loss.toPrecision(4))]),
      ),
    },
    save: () => ({
      seasonSteps,
      losses,
      members: members.map(({fitted, calibration}) => ({
        model: fitted.model,
        parameters: fitted.save(),
        ...(calibration && {calibration: saveCalibration(calibration)}),
      })),
    }),
  };
}

const savedSchema = z.object({
  seasonSteps: z.array(z.int().positive()),
  losses: z.record(z.string(), z.number()),
  members: z
    .array(z.object({model: z.string(), parameters: z.unknown(), calibration: savedCalibration.optional()}))
    .min(1),
});

async function load(
  name: string,
  models: readonly ForecastModel[],
  data: unknown,
  source: string,
): Promise<FittedModel> {
  const {seasonSteps, losses, members} = parseWith(savedSchema, data, source);
  const loaded = members.map(async ({model, parameters, calibration}, index): Promise<Member> => {
    const known = models.find((one) => one.name === model);
    if (!known)
      throw new InputError('unknown-model', `${source}: members: there is no "${model}" in this program`);
    const fitted = await known.load(parameters, `${source}: members[${index}].parameters`);
    if (calibration) return {fitted, calibration: loadCalibration(calibration, seasonSteps)};
    if (fitted.predictBands) return {fitted};
    throw new InputError('bad-ensemble', `${source}: members[${index}]: ${model} needs a calibration`);
  });
  return combined(name, await Promise.all(loaded), seasonSteps, losses);
}
