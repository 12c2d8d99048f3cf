import {groupBy, type Series, US_PER_SECOND} from '../core/index.js';
import type {FittedModel} from './model.js';

/** A stretch of a volume's history that is no example of what comes, such as an anomaly. */
export interface MarkedStretch {
  readonly volume: string;
  readonly fromUs: number;
  /** Exclusive. */
  readonly toUs: number;
}

/** Puts NaN, which every model has a treatment for, in the steps that marked stretches touch; other series are as they were. */
export function hideMarked(panel: readonly Series[], marks: readonly MarkedStretch[]): readonly Series[] {
  const byVolume = groupBy(marks, ({volume}) => volume);
  return panel.map((series) => {
    const own = byVolume.get(series.id);
    if (own === undefined) return series;
    const values = series.values.slice();
    const stepUs = series.stepSeconds * US_PER_SECOND;
    for (const {fromUs, toUs} of own) {
      const from = Math.max(0, Math.floor((fromUs - series.startUs) / stepUs));
      values.fill(Number.NaN, from, Math.max(from, Math.ceil((toUs - series.startUs) / stepUs)));
    }
    // A volume that is nothing but marked is foreseen from what there is.
    return values.every((value) => Number.isNaN(value)) ? series : {...series, values};
  });
}

/** The model, foreseeing as if marked stretches of the histories were not known. */
export function foreseeingUnmarked(fitted: FittedModel, marks: readonly MarkedStretch[]): FittedModel {
  if (marks.length === 0) return fitted;
  const {predictBands} = fitted;
  return {
    ...fitted,
    predict: (histories, horizonSteps) => fitted.predict(hideMarked(histories, marks), horizonSteps),
    ...(predictBands && {
      predictBands: (histories, horizonSteps) => predictBands(hideMarked(histories, marks), horizonSteps),
    }),
  };
}
