import {z} from 'zod';

const count = z.number().int().nonnegative();
const figure = z.number().optional();
const ofGroup = {granularity: z.string(), metric: z.string()};
const coverage = z.array(z.object({expected: z.number(), share: z.number()}));

const row = z.object({
  ...ofGroup,
  role: z.enum(['champion', 'challenger', 'reference']),
  model: z.string(),
  scope: z.enum(['volumes', 'class', 'boundary']),
  name: z.string(),
  series: count,
  steps: count,
  /** Shares of outcomes inside intervals. */
  coverage,
  /** Over the sum of outcomes, as the width is over their mean; absent where they are nothing. */
  bias: figure,
  sharpness: z.array(z.object({interval: z.number(), width: z.number()})),
  lossVsNaive: figure,
});

const challenger = z.object({
  model: z.string(),
  ...{pairedNights: count, wonNights: count, lostNights: count},
  lossRatio: figure,
  ...{championCoverage: z.number(), challengerCoverage: z.number(), reason: z.string()},
});

const group = z.object({
  ...ofGroup,
  champion: z.object({model: z.string()}).nullable(),
  drift: z.object({nightsPerFalseAlarm: z.number()}),
  levels: z.object({
    nights: count,
    levels: z.array(z.object({level: z.number(), share: z.number(), ask: z.number()})),
  }),
  challengers: z.array(challenger),
  /** The newest last; when the action is `replace`, it is yet to be followed. */
  replacements: z.array(z.object({to: z.object({model: z.string()}), lossRatio: z.number()})),
  action: z.enum(['replace', 'retrain', 'recalibrate', 'nothing']),
});

const plan = z.object({
  createdAtUs: z.number(),
  scenarios: z.array(
    z.object({
      scenario: z.string(),
      steps: count,
      keptSteps: count,
      worst: z.object({atUs: z.number(), stuckBytes: z.number()}).optional(),
    }),
  ),
});

const promise = z.object({
  level: z.number(),
  ...{scenarioSteps: count, keptSteps: count, keptShare: z.number()},
  ...{cases: count, keptCases: count, isBroken: z.boolean()},
});

const schema = z.object({
  ...{sinceUs: z.number(), asOfUs: z.number(), keptForecasts: count, waitingBlocks: count},
  /** In the order to read them. */
  rows: z.array(row),
  groups: z.array(group),
  plans: z.array(plan),
  promises: z.array(promise),
  checks: z.array(
    z.object({
      check: z.enum(['drift', 'promise']),
      about: z.string(),
      passed: z.boolean(),
      message: z.string(),
    }),
  ),
});

/** What is shown of forecasts and plans held against what happened. */
export type MonitorDocument = z.infer<typeof schema>;

/** What `monitor --json` prints. */
export const MONITOR_DOCUMENT = {command: 'monitor', schema} as const;
