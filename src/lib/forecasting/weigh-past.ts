import {setImmediate} from 'node:timers/promises';
import {z} from 'zod';

import {mean, parseWith, type Series} from '../core/index.js';
import {againstReference, seriesLosses, standardError, type OriginBands} from './band-losses.js';
import {cutEnd, heldOutHorizons, panelSteps, requireSteps} from './history.js';
import type {Band} from './member-bands.js';
import {BAND_LEVELS, type FitOptions, type FittedModel, type ForecastModel} from './model.js';
import {foreseeBand, type WeightCache} from './npts/foresee-band.js';
import {kernelSchema, KERNELS, type Kernel, type Observed} from './npts/kernel.js';
import {part} from './neural/net.js';

/** More series say little new about which kernel is best. */
const MOST_ASKED = 200;
/** Some tenths of a second: Ctrl-C is heard in between. */
const YIELD_EVERY = 64;

/**
 * Non-parametric forecasts (NPTS; Alexandrov et al., GluonTS, JMLR 21, 2020): the distribution of a step to come is that
 * of the series' own past, recent observations and those of the same hour weighing more. How much more is learned across
 * all series: of `KERNELS` the first, unless another lost less on the last horizons by more than chance. A choice among
 * so few says little of the steps it was made on, so that other choices may be made on them again.
 */
export function weighPast(name: string, summary: string, observed: Observed): ForecastModel {
  return {
    ...{name, summary, scope: 'panel'},
    fit: (panel, options) => fit(panel, options, {name, observed}),
    load: (data, source = name) =>
      Promise.resolve().then(() => {
        const {seasonSteps, kernel} = parseWith(savedSchema, data, source);
        return fitted({name, observed}, kernel, seasonSteps);
      }),
  };
}

interface Kind {
  readonly name: string;
  readonly observed: Observed;
}

const savedSchema = z.object({seasonSteps: z.array(z.int().positive()), kernel: kernelSchema});

async function fit(panel: readonly Series[], options: FitOptions, kind: Kind): Promise<FittedModel> {
  requireSteps(kind.name, panel, 1);
  const {seasonSteps} = options;
  const every = Math.ceil(panel.length / MOST_ASKED);
  const asked = panel.filter((_, index) => index % every === 0);
  const origins = await bandsAtOrigins(asked, options, kind);
  const kernel = bestKernel(asked, origins, seasonSteps, KERNELS[kind.observed]);
  return {...fitted(kind, kernel, seasonSteps), unseenSteps: panelSteps(panel)};
}

/** The first, unless the best of the others lost less by more than so many standard errors of the paired differences. */
const ERRORS_TO_BEAT = 2;

function bestKernel(
  asked: readonly Series[],
  origins: readonly OriginBands[],
  seasonSteps: readonly number[],
  kernels: readonly Kernel[],
): Kernel {
  const reference = seriesLosses(asked, origins, [0], seasonSteps);
  const losses = kernels.map((_, index) =>
    againstReference(seriesLosses(asked, origins, [index], seasonSteps), reference),
  );
  const means = losses.map((ofSeries) => mean(ofSeries));
  const best = Math.max(0, means.indexOf(Math.min(...means)));
  const [first = new Float64Array(), chosen = first] = [losses[0], losses[best]];
  const isBeaten = mean(first) - mean(chosen) > ERRORS_TO_BEAT * standardError(first, chosen);
  return part(kernels, isBeaten ? best : 0);
}

async function bandsAtOrigins(
  asked: readonly Series[],
  {horizonSteps, seasonSteps, signal, onProgress}: FitOptions,
  {name, observed}: Kind,
): Promise<readonly OriginBands[]> {
  const steps = Math.min(horizonSteps, Math.floor(panelSteps(asked) / 2));
  const backs = Array.from({length: heldOutHorizons(panelSteps(asked), horizonSteps)}, (_, back) => back + 1);
  const origins = backs.map((back) => ({
    histories: asked.map((series) => cutEnd(series, back * steps)),
    bands: Array.of<readonly Band[]>(),
  }));
  for (const [done, kernel] of KERNELS[observed].entries()) {
    await setImmediate();
    signal?.throwIfAborted();
    onProgress?.({model: name, unit: 'kernels', done, total: KERNELS[observed].length});
    const cache: WeightCache = new Map();
    for (const {histories, bands} of origins)
      bands.push(
        histories.map(({values}) =>
          foreseeBand(values, kernel, {observed, seasonSteps, horizonSteps: steps, cache}),
        ),
      );
  }
  return origins;
}

function fitted({name, observed}: Kind, kernel: Kernel, seasonSteps: readonly number[]): FittedModel {
  const predictBands = async (
    histories: readonly Series[],
    horizonSteps: number,
  ): Promise<readonly Band[]> => {
    const cache: WeightCache = new Map();
    const bands: Band[] = [];
    for (const [index, {values}] of histories.entries()) {
      if (index % YIELD_EVERY === 0) await setImmediate();
      bands.push(foreseeBand(values, kernel, {observed, seasonSteps, horizonSteps, cache}));
    }
    return bands;
  };
  const median = BAND_LEVELS.indexOf(0.5);
  return {
    model: name,
    predict: async (histories, horizonSteps) =>
      (await predictBands(histories, horizonSteps)).map((band) => band[median] ?? new Float64Array()),
    predictBands,
    notes: {kernel: describe(kernel)},
    save: () => ({seasonSteps, kernel}),
  };
}

/** `(1 + lag/24)^-1.5, 0.1 + 1, 3 by season within 1`. */
function describe({decaySteps, decayPower, floor, widthSteps, gains}: Kernel): string {
  const seasonal = gains.some((gain) => gain > 0)
    ? ` + ${gains.join(', ')} by season within ${widthSteps}`
    : '';
  return `(1 + lag/${decaySteps})^-${decayPower} x (${floor}${seasonal})`;
}
