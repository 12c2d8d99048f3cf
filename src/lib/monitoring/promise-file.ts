import {z} from 'zod';

import {type ArtifactHeader, formatInstantUs, parseInstantUs} from '../core/index.js';
import type {PlanPromise} from './plan-promise.js';

const count = z.int().nonnegative();

const promiseSchema = z.strictObject({
  kind: z.literal('foreshadow.plan-promise'),
  version: z.literal(1),
  tool: z.string(),
  createdAt: z.iso.datetime(),
  planSha256: z.string(),
  policy: z.string(),
  planCreatedAt: z.iso.datetime(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  isOver: z.boolean(),
  scenarios: z.array(
    z.strictObject({
      scenario: z.string(),
      level: z.number().optional(),
      steps: count,
      keptSteps: count,
      worst: z.strictObject({at: z.iso.datetime(), stuckBytes: count}).optional(),
    }),
  ),
});

/** How the promise of a plan is told and read (see core/artifact). */
export const PLAN_PROMISE_KIND = {
  kind: 'foreshadow.plan-promise',
  version: 1,
  schema: promiseSchema,
} as const;

/** How far one plan kept its promise, as a file. */
export type PlanPromiseFile = z.infer<typeof promiseSchema> & ArtifactHeader;

/** The file that tells a promise. */
export function promiseFileOf(
  promise: PlanPromise,
  made: Pick<ArtifactHeader, 'tool' | 'createdAt'>,
): PlanPromiseFile {
  return {
    ...{kind: 'foreshadow.plan-promise', version: 1, ...made},
    ...{planSha256: promise.sha256, policy: promise.policy},
    planCreatedAt: formatInstantUs(promise.createdAtUs),
    ...{from: formatInstantUs(promise.fromUs), to: formatInstantUs(promise.toUs), isOver: promise.isOver},
    scenarios: promise.scenarios.map(({scenario, level, steps, keptSteps, worst}) => ({
      scenario,
      ...(level !== undefined && {level}),
      ...{steps, keptSteps},
      ...(worst && {worst: {at: formatInstantUs(worst.atUs), stuckBytes: worst.stuckBytes}}),
    })),
  };
}

/** What the file says, times as numbers. */
export function promiseOf(file: PlanPromiseFile): PlanPromise {
  const time = (text: string): number => parseInstantUs(text) ?? Number.NaN;
  return {
    ...{sha256: file.planSha256, policy: file.policy, createdAtUs: time(file.planCreatedAt)},
    ...{fromUs: time(file.from), toUs: time(file.to), isOver: file.isOver},
    scenarios: file.scenarios.map(({scenario, level, steps, keptSteps, worst}) => ({
      scenario,
      ...(level !== undefined && {level}),
      ...{steps, keptSteps},
      ...(worst && {worst: {atUs: time(worst.at), stuckBytes: worst.stuckBytes}}),
    })),
  };
}
