import type {Series} from '../core/index.js';
import {fromFirstKnown} from './history.js';
import type {FittedModel, ForecastModel, ModelThreads} from './model.js';

/** Small enough that no thread waits long for the last one, large enough that passing them on costs little. */
const SERIES_A_TASK = 64;

/**
 * A model whose fits and predictions are done by threads: what looks at each series alone in parts of the panel, a
 * network as a whole. The numbers are the same as without. A model made of others is fitted as it is: its members are
 * what threads do.
 */
export function onThreads(model: ForecastModel, threads: ModelThreads | undefined): ForecastModel {
  const merge = model.merge;
  if (threads === undefined) return model;
  const load: ForecastModel['load'] = async (data, source) =>
    following(model, await model.load(data, source), threads);
  if (model.scope === 'several') return {...model, load: (data, source) => model.load(data, source, threads)};
  if (model.scope === 'panel') {
    return {
      ...model,
      load,
      fit: async (panel, options) => load(await threads.fit(model.name, panel, options)),
    };
  }
  if (merge === undefined) return model;
  return {
    ...model,
    load,
    fit: async (panel, options) => {
      const known = panel.filter(({values}) => fromFirstKnown(values).length > 0);
      // It refuses that as a whole, with the panel's numbers.
      if (known.length === 0) return model.fit(panel, options);
      const {horizonSteps, seasonSteps, random} = options;
      let done = 0;
      const fits = inParts(known).map(async (part) => {
        const saved = await threads.fit(model.name, part, {horizonSteps, seasonSteps, random});
        done += part.length;
        options.onProgress?.({model: model.name, unit: 'series', done, total: known.length});
        return saved;
      });
      return load(merge(await Promise.all(fits)));
    },
  };
}

function following(model: ForecastModel, fitted: FittedModel, threads: ModelThreads): FittedModel {
  const {predictBands} = fitted;
  const saved = fitted.save();
  const savedFor = (part: readonly Series[]): unknown => model.pick?.(saved, part) ?? saved;
  return {
    ...fitted,
    predict: async (histories, horizonSteps) => {
      const answers = inParts(histories).map((part) =>
        threads.predict(model.name, savedFor(part), part, horizonSteps),
      );
      return (await Promise.all(answers)).flat();
    },
    ...(predictBands && {
      predictBands: async (histories: readonly Series[], horizonSteps: number) => {
        const answers = inParts(histories, 512).map((part) =>
          threads.predictBands(model.name, savedFor(part), part, horizonSteps),
        );
        return (await Promise.all(answers)).flat();
      },
    }),
  };
}

function inParts(panel: readonly Series[], size = SERIES_A_TASK): readonly (readonly Series[])[] {
  return Array.from({length: Math.ceil(panel.length / size)}, (_, part) =>
    panel.slice(part * size, (part + 1) * size),
  );
}
