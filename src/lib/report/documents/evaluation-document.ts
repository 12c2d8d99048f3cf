import {z} from 'zod';

const figure = z.number().optional();

const schema = z.object({
  metric: z.string(),
  folds: z.number(),
  toBeat: z.string(),
  granularities: z.array(
    z.object({granularity: z.string(), horizonSteps: z.number(), series: z.number(), steps: z.number()}),
  ),
  /** Best first within a granularity; a figure is absent where nothing could be scored. */
  models: z.array(
    z.object({
      granularity: z.string(),
      model: z.string(),
      ...{wql: figure, mase: figure, smape: figure, owa: figure, msis: figure, inside95: figure},
      coverage: z.array(z.object({level: z.number(), share: z.number()})),
      scored: z.number(),
      failed: z.number(),
    }),
  ),
  skipped: z.array(z.object({granularity: z.string(), reason: z.string()})),
});

/** What is shown of an evaluation of models. */
export type EvaluationDocument = z.infer<typeof schema>;

/** What `evaluate --json` prints. */
export const EVALUATION_DOCUMENT = {command: 'evaluate', schema} as const;
