import {z} from 'zod';

/** Of one volume, of the replicas on a host or in a boundary, or of all volumes together. */
export interface SubjectGrowth {
  readonly subject: string;
  readonly id: string;
  /** Used bytes. */
  readonly last: number | null;
  /** Null when less than a week is known. */
  readonly trend: {
    readonly perDay: number;
    readonly interval: {readonly level: number; readonly low: number; readonly high: number};
  } | null;
  readonly roomBytes?: number | undefined;
  /** Days from the last known value; null: never, at that growth. */
  readonly full?: {readonly days: number | null; readonly earliest: number | null} | undefined;
  /** Means of equally long parts of the history; null where nothing is known. */
  readonly course: readonly (number | null)[];
}

/** What is shown of patterns of used bytes. */
export interface PatternsDocument {
  readonly fromUs: number;
  readonly toUs: number;
  readonly subjects: readonly SubjectGrowth[];
}

const schema: z.ZodType<PatternsDocument> = z.object({
  metric: z.literal('used-bytes'),
  fromUs: z.number(),
  toUs: z.number(),
  subjects: z.array(
    z.object({
      subject: z.string(),
      id: z.string(),
      last: z.number().nullable(),
      trend: z
        .object({
          perDay: z.number(),
          interval: z.object({level: z.number(), low: z.number(), high: z.number()}),
        })
        .nullable(),
      roomBytes: z.number().optional(),
      full: z.object({days: z.number().nullable(), earliest: z.number().nullable()}).optional(),
      course: z.array(z.number().nullable()),
    }),
  ),
});

/** What `patterns --json` prints. */
export const PATTERNS_DOCUMENT = {command: 'patterns', schema} as const;
