import {z} from 'zod';

import {InputError, invariant, parseWith, type Series} from '../core/index.js';
import {chooseMembers, validationSteps} from './choose-members.js';
import {calibrate, calibrationWindow} from './conformal.js';
import {panelSteps, requireSteps} from './history.js';
import {bandsOf, middle, type Band, type Member} from './member-bands.js';
import {
  BAND_LEVELS,
  type FitOptions,
  type FittedModel,
  type ForecastModel,
  type ModelThreads,
} from './model.js';
import {onThreads} from './on-threads.js';
import {loadCalibration, saveCalibration, savedCalibration} from './saved-calibration.js';

/** Of larger panels every so manieth series is asked which models to take; the taken ones are then fitted on all. */
const MOST_SERIES_ASKED = 400;

/**
 * Several models as one: the quantiles of those that together did best on the last horizons of the history
 * (`heldOutHorizons`), level by level their median (of an even number: the mean of the middle two). See `chooseMembers`.
 * The first model of the list wins alone unless it is beaten. Networks must not have seen those horizons: where the history
 * is too short to keep them, they are left out, as is a model that refuses the panel. Parameters of models of single
 * series have seen them, which matters little beside their few numbers.
 */
export function createEnsemble(
  name: string,
  summary: string,
  models: readonly ForecastModel[],
): ForecastModel {
  return {
    ...{name, summary, scope: 'several'},
    fit: (panel, options) => fit(name, models, panel, options),
    load: (data, source = name, threads) => load(name, models, {data, source, threads}),
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
  const candidates = await fitMembers(name, models, panel, asked, options);
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
  name: string,
  models: readonly ForecastModel[],
  panel: readonly Series[],
  asked: readonly Series[],
  options: FitOptions,
): Promise<readonly Member[]> {
  let done = 0;
  const fitOne = async (model: ForecastModel): Promise<Member | undefined> => {
    const member = await fitMember(model, model.scope === 'each' ? asked : panel, asked, options);
    done += 1;
    const progress = {model: name, unit: 'models', done, total: models.length} as const;
    options.onProgress?.({...progress, ended: model.name});
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
  const {horizonSteps, seasonSteps} = options;
  try {
    // Its threads do the work of each model already: see `onThreads`.
    const own = {...options, random: options.random.fork(model.name), threads: undefined};
    const fitted = await model.fit(panel, own);
    if (model.scope === 'panel' && (fitted.unseenSteps ?? 0) < validationSteps(asked, horizonSteps))
      return undefined;
    if (fitted.predictBands) return {fitted};
    const window = calibrationWindow(panelSteps(asked), horizonSteps, asked.length);
    return {fitted, calibration: await calibrate(fitted, asked, {seasonSteps, window})};
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
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
  {data, source, threads}: {data: unknown; source: string; threads: ModelThreads | undefined},
): Promise<FittedModel> {
  const {seasonSteps, losses, members} = parseWith(savedSchema, data, source);
  const loaded = members.map(async ({model, parameters, calibration}, index): Promise<Member> => {
    const known = models.find((one) => one.name === model);
    if (!known)
      throw new InputError('unknown-model', `${source}: members: there is no "${model}" in this program`);
    const fitted = await onThreads(known, threads).load(
      parameters,
      `${source}: members[${index}].parameters`,
    );
    if (calibration) return {fitted, calibration: loadCalibration(calibration, seasonSteps)};
    if (fitted.predictBands) return {fitted};
    throw new InputError('bad-ensemble', `${source}: members[${index}]: ${model} needs a calibration`);
  });
  return combined(name, await Promise.all(loaded), seasonSteps, losses);
}
