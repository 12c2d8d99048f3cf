import type {Series} from '../../core/index.js';
import type {CheckpointPlace, FitProgress} from '../model.js';

/** What a thread is asked: to fit a model, or to predict with what a fit has saved. */
export type Task =
  | {
      readonly kind: 'fit';
      readonly model: string;
      readonly panel: readonly Series[];
      readonly horizonSteps: number;
      readonly seasonSteps: readonly number[];
      readonly seed: string;
      readonly checkpoints: CheckpointPlace | undefined;
    }
  | {
      readonly kind: 'predict';
      readonly model: string;
      readonly saved: unknown;
      readonly histories: readonly Series[];
      readonly horizonSteps: number;
      /** Quantiles instead of points. */
      readonly wantsBands: boolean;
    };

/** What a thread answers to a task. */
export type Answer =
  | {readonly kind: 'fitted'; readonly saved: unknown}
  | {readonly kind: 'points'; readonly points: readonly Float64Array[]}
  | {readonly kind: 'bands'; readonly bands: readonly (readonly Float64Array[])[]}
  | {readonly kind: 'progress'; readonly progress: FitProgress}
  | {readonly kind: 'remark'; readonly text: string}
  | {
      readonly kind: 'refused';
      readonly exitCode: 2 | 3;
      readonly code: string;
      readonly message: string;
      readonly hints: readonly string[];
    }
  | {readonly kind: 'failed'; readonly stack: string};
