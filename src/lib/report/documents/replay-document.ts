import {z} from 'zod';

const schema = z.object({
  fromUs: z.number(),
  toUs: z.number(),
  model: z.string(),
  granularity: z.string(),
  volumes: z.number(),
  hosts: z.number(),
  reviews: z.number(),
  scenarios: z.number(),
  draws: z.number().optional(),
  /** In the order to read them. */
  scores: z.array(
    z.object({
      policy: z.string(),
      repairedShare: z.number(),
      stuckBytes: z.number(),
      volumeHoursAtRisk: z.number(),
      heldByteHours: z.number(),
      meanHeldBytes: z.number(),
      reserveVsOracle: z.number().optional(),
      movedBytes: z.number(),
      worst: z.object({stuckBytes: z.number(), scenario: z.string(), atUs: z.number()}).optional(),
    }),
  ),
  pareto: z
    .array(
      z.object({
        name: z.string(),
        policy: z.string(),
        setting: z.string().optional(),
        value: z.number().optional(),
        heldByteHours: z.number(),
        repairedShare: z.number(),
        stuckBytes: z.number(),
        isEfficient: z.boolean(),
      }),
    )
    .optional(),
  lost: z.array(z.object({scenario: z.string(), volumes: z.number()})),
  warnings: z.array(z.string()),
});

/** What is shown of a replay. */
export type ReplayDocument = z.infer<typeof schema>;

/** What `replay --json` prints. */
export const REPLAY_DOCUMENT = {command: 'replay', schema} as const;
