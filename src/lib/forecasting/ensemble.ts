import {z} from 'zod';

import {InputError, invariant, parseWith, type Series} from '../core/index.js';
import {pinballLoss} from './accuracy.js';
import {calibrate, calibrationWindow, forecastQuantiles, type Calibration} from './conformal.js';
import {cutEnd, fromFirstKnown, panelSteps, requireSteps, scaleSeason, seasonalScale} from './history.js';
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
/** What one more model must win of the loss: less is noise. */
const LEAST_WON = 0.002;

/**
 * Several models as one: the quantiles of those that together did best on the last horizon of the history, level by
 * level their median (of two: mean). Chosen greedily (Caruana et al. 2004, without repetition) by the pinball loss over
 * all levels, each series in units of its own scale; the first model of the list wins alone unless it is beaten there.
 * Networks have not seen that horizon; parameters of models of single series have, which matters little beside their few
 * numbers. A model that refuses the panel is left out.
 */
export function createEnsemble(
  name: string,
  summary: string,
  models: readonly ForecastModel[],
): ForecastModel {
  return {
    ...{name, summary, scope: 'panel'},
    fit: (panel, options) => fit(name, models, panel, options),
    load: (data, source = name) => load(name, models, data, source),
  };
}

async function fit(
  name: string,
  models: readonly ForecastModel[],
  panel: readonly Series[],
  options: FitOptions,
): Promise<FittedModel> {
  requireSteps(name, panel, 1);
  const every = Math.ceil(panel.length / MOST_SERIES_ASKED);
  const asked = panel.filter((_, index) => index % every === 0);
  const candidates: Member[] = [];
  for (const [done, model] of models.entries()) {
    options.onProgress?.({done, total: models.length + 1, loss: 0});
    const member = await fitMember(model, model.scope === 'each' ? asked : panel, asked, options);
    if (member) candidates.push(member);
  }
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
    const window = calibrationWindow(panelSteps(asked), horizonSteps);
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
  /** Mean scaled pinball loss of each candidate alone, and of the chosen together. */
  readonly losses: Readonly<Record<string, number>>;
}

async function chooseMembers(
  candidates: readonly Member[],
  asked: readonly Series[],
  {horizonSteps, seasonSteps}: FitOptions,
): Promise<Choice> {
  const steps = Math.min(horizonSteps, Math.floor(panelSteps(asked) / 2));
  const histories = asked.map((series) => cutEnd(series, steps));
  const bands = await Promise.all(candidates.map((member) => bandsOf(member, histories, steps)));
  const lossOf = (members: readonly number[]): number =>
    meanLoss(
      asked,
      histories,
      histories.map((_, index) => middle(members.map((member) => bands[member]?.[index] ?? []))),
      seasonSteps,
    );
  const alone = candidates.map((_, index) => lossOf([index]));
  const {members, loss} = greedy(alone, lossOf);
  const isBeaten = loss < (alone[0] ?? Infinity);
  const chosen = isBeaten ? members : [0];
  return {
    chosen: chosen.flatMap((index) => candidates[index] ?? []),
    losses: {
      ...Object.fromEntries(candidates.map(({fitted}, index) => [fitted.model, alone[index] ?? Number.NaN])),
      together: isBeaten ? loss : (alone[0] ?? Number.NaN),
    },
  };
}

/** Adds the model that lowers the loss most until none lowers it by enough. Ties go to the earlier one. */
function greedy(
  alone: readonly number[],
  lossOf: (members: readonly number[]) => number,
): {readonly members: readonly number[]; readonly loss: number} {
  const finite = alone.map((loss) => (Number.isFinite(loss) ? loss : Infinity));
  const first = finite.indexOf(Math.min(...finite));
  let best = {members: [Math.max(0, first)], loss: finite[first] ?? Infinity};
  for (;;) {
    const {members, loss} = best;
    const grown = alone
      .map((_, index) => index)
      .filter((index) => !members.includes(index) && Number.isFinite(alone[index]))
      .map((index) => ({members: [...members, index], loss: lossOf([...members, index])}));
    const next = grown.reduce((least, one) => (one.loss < least.loss ? one : least), best);
    if (!(next.loss < loss * (1 - LEAST_WON))) return best;
    best = next;
  }
}

/** Mean over series, steps and levels of twice the pinball loss in units of the series' scale; NaN for none. */
function meanLoss(
  asked: readonly Series[],
  histories: readonly Series[],
  bands: readonly Band[],
  seasonSteps: readonly number[],
): number {
  let [total, count] = [0, 0];
  for (const [index, {values}] of asked.entries()) {
    const history = fromFirstKnown(histories[index]?.values ?? new Float64Array());
    const scale = seasonalScale(history, scaleSeason(history, seasonSteps));
    const outcome = values.subarray(histories[index]?.values.length ?? 0);
    const loss = bandLoss(bands[index] ?? [], outcome) / scale;
    if (!(scale > 0) || Number.isNaN(loss)) continue;
    total += Math.min(loss, MOST_LOSS);
    count += 1;
  }
  return count === 0 ? Number.NaN : total / count;
}

/** In units of the scale: one series that jumped must not choose for all. */
const MOST_LOSS = 20;

function bandLoss(band: Band, outcome: Float64Array): number {
  let [total, count] = [0, 0];
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
