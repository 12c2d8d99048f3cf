import type {Random, Series} from '../core/index.js';

/**
 * Forecasts for one series: `point` (the model's own, meant as the median) and, for each asked level, the quantile at that level; one value a step
 * after the end of the history. `quantiles[i]` belongs to `levels[i]`; levels lie in (0, 1), in rising order.
 */
export interface Forecast {
  readonly id: string;
  readonly startUs: number;
  readonly stepSeconds: number;
  readonly point: Float64Array;
  readonly levels: readonly number[];
  readonly quantiles: readonly Float64Array[];
}

/** The levels of which a model that knows its own uncertainty tells quantiles. */
export const BAND_LEVELS = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975] as const;

export interface FitOptions {
  /** The longest horizon that predict will be asked for. */
  readonly horizonSteps: number;
  /** Candidate season lengths in steps, e.g. 24 and 168 for hourly; used only where two full cycles were seen. */
  readonly seasonSteps: readonly number[];
  readonly random: Random;
  /** Does the work of models where it is given; the numbers are the same. */
  readonly threads?: ModelThreads | undefined;
  /** Fit stops with the signal's reason once it is aborted. */
  readonly signal?: AbortSignal;
  /** Called now and then while a fit takes long. */
  readonly onProgress?: (progress: FitProgress) => void;
  /** Where networks keep how far they have come; nowhere when absent. */
  readonly checkpoints?: CheckpointPlace | undefined;
  /** Told what people should know of how the fit went on, in a line. */
  readonly onRemark?: (text: string) => void;
}

/** How far the fit of a model is; of a model made of others, they tell of themselves too. */
export interface FitProgress {
  readonly model: string;
  /** What is counted: updates of a network, series, kernels that are compared, or the models that a model is made of. */
  readonly unit: 'steps' | 'series' | 'models' | 'kernels';
  readonly done: number;
  readonly total: number;
  /** Of networks: the mean loss of the steps since the last report, and that on held-out time where there is any. */
  readonly loss?: number;
  readonly heldOutLoss?: number;
  /** Of the models that a model is made of: the one that has ended now, done or given up. */
  readonly ended?: string;
}

/** Where checkpoints of one training are. */
export interface CheckpointPlace {
  readonly folder: string;
  /** `foreshadow/0.1.0`: another version may train otherwise. */
  readonly tool: string;
}

/**
 * A model fitted on a panel (all series at once, so that global models fit the same interface). It keeps parameters,
 * not data: the histories to predict from are given again, and may have grown since.
 */
export interface FittedModel {
  readonly model: string;
  /**
   * One point forecast a history, `horizonSteps` long, in the order given. A series that was not seen in fit is
   * predicted too (with defaults where the model is per series); one of which nothing is known is foreseen as NaN.
   */
  predict(histories: readonly Series[], horizonSteps: number): Promise<readonly Float64Array[]>;
  /**
   * Of models that learn quantiles: one band a history, in the order given; `bands[i][q]` holds the quantile at
   * `BAND_LEVELS[q]`, one value a step, in rising order at every step; NaN where nothing is known. Not calibrated.
   */
  readonly predictBands?: (
    histories: readonly Series[],
    horizonSteps: number,
  ) => Promise<readonly (readonly Float64Array[])[]>;
  /**
   * Of models with scope `panel`: so many steps at the end of the panel they have not learned from, 0 where the history was
   * too short to keep any.
   */
  readonly unseenSteps?: number;
  /**
   * Of models that foresee what goes on or comes back: point and quantiles of intermittent series (`kindOf`) are those of the
   * values seen last instead.
   */
  readonly intermittentFromPast?: true;
  /** What is worth telling people about the fit, in the order to tell it, e.g. `neural back end: wasm`. */
  readonly notes?: Readonly<Record<string, string | number>>;
  /** Plain JSON data from which the registry's `load` makes an equal model. */
  save(): unknown;
}

/** Threads that fit models of the registry and predict with what `save` gave, by the model's name. */
export interface ModelThreads {
  fit(model: string, panel: readonly Series[], options: FitOptions): Promise<unknown>;
  predict(
    model: string,
    saved: unknown,
    histories: readonly Series[],
    horizonSteps: number,
  ): Promise<readonly Float64Array[]>;
  predictBands(
    model: string,
    saved: unknown,
    histories: readonly Series[],
    horizonSteps: number,
  ): Promise<readonly (readonly Float64Array[])[]>;
}

/** One forecasting model: an entry of the registry. */
export interface ForecastModel {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** `each`: fitted on one series alone; `panel`: learned across all of them; `several`: made of other models. */
  readonly scope: 'each' | 'panel' | 'several';
  /** Throws InputError `series-too-short` when no series of the panel is long enough, and says what is. */
  fit(panel: readonly Series[], options: FitOptions): Promise<FittedModel>;
  /**
   * Throws InputError when the data is not what `save` wrote; `source` is how it calls the data. A model made of others
   * lets threads predict with them.
   */
  load(data: unknown, source?: string, threads?: ModelThreads): Promise<FittedModel>;
  /** Of models with scope `each`: what fits of parts of a panel have saved, as one. */
  readonly merge?: (saves: readonly unknown[]) => unknown;
  /** Of models with scope `each`: what of the saved data these series need. */
  readonly pick?: (saved: unknown, series: readonly Series[]) => unknown;
}
