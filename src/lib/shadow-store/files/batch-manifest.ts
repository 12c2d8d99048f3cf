import {z} from 'zod';

const KIND = 'foreshadow.batch';
const VERSION = 1;

const whole = z.number().int();
const count = whole.nonnegative();
const batchId = z.string().regex(/^[0-9a-f]{32}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
// Paths are checked so that a damaged or forged manifest cannot lead out of the store.
const fileShape = {sizeBytes: count, sha256};
const granularity = z.union([z.literal(60), z.literal(3600)]);
const seriesFile = z.object({
  path: z.string().regex(/^series\/granularity=\d+\/bucket=\d{3}\/[0-9a-f]{32}\.parquet$/),
  ...fileShape,
  granularity,
  bucket: count,
  rows: count,
  /** Start of the first and of the last step in it. */
  firstUs: whole,
  lastUs: whole,
});
/** For which stretches of time the logs of some volumes are there (see coverage.ts). */
const coverage = z.object({
  of: z.enum(['requests', 'usage']),
  /** Silence up to this long is silence, longer it is a gap in the log. */
  gapUs: count,
  /** Inputs of one source speak for each other's volumes. */
  source: z.string().optional(),
  /** Sorted, apart by more than gapUs; each from a start to an end (exclusive). */
  spansUs: z.array(z.tuple([whole, whole])),
  /** Positions in `volumes`. */
  volumes: z.array(count),
});
/** What was pruned away of a granularity, and what of it has to be known on. Only one manifest of a store has any. */
const pruned = z.object({
  granularity,
  /** Nothing that starts before this is kept. */
  beforeUs: whole,
  volumes: z.array(
    z.object({
      /** Position in `volumes`. */
      volume: count,
      /** Footprint growth that was pruned. */
      growthBytes: z.number(),
      /** Used bytes at `beforeUs`, where a usage sample before it tells them. */
      usedBytes: z.number().optional(),
    }),
  ),
});
const manifestSchema = z.object({
  kind: z.literal(KIND),
  version: z.literal(VERSION),
  tool: z.string(),
  createdAt: z.iso.datetime(),
  sequence: whole.positive(),
  batchId,
  inputs: z.array(
    z.object({
      name: z.string(),
      format: z.string(),
      sizeBytes: count,
      identitySha256: z.string(),
      sha256: z.string(),
      rawKeySha256: z.string(),
      rows: count,
      rejectedRows: count,
      blankRows: count,
      lateRows: count,
      /** Events that the interceptor says it lost; absent when it says nothing of the kind, and in older batches. */
      lostEvents: count.optional(),
      /** Absent when no row of it could be used. */
      firstUs: z.number().optional(),
      lastUs: z.number().optional(),
      /** Absent in batches of older programs. */
      mark: z
        .object({
          bytes: count,
          headBytes: count,
          headSha256: sha256,
          end: z.enum(['open', 'settled', 'torn']),
          fromBytes: count.optional(),
        })
        .optional(),
    }),
  ),
  totals: z.object({
    reads: count,
    writes: count,
    trims: count,
    // Beyond 2^53 a sum is no longer exact, and no longer a safe integer.
    readBytes: z.number().nonnegative(),
    writeBytes: z.number().nonnegative(),
    footprintGrowthBytes: z.number(),
    usageSamples: count,
  }),
  /** In code-unit order of the names. */
  volumes: z.array(
    z.object({
      name: z.string(),
      /** Minutes that the batch has of it. */
      minutes: count,
      firstUs: whole,
      lastUs: whole,
      /** The size that it is provisioned with, where that was told. */
      provisionedBytes: count.optional(),
      /** Whether all rows are sums of intervals, so that nothing tells which blocks were written. */
      isFootprintUntold: z.literal(true).optional(),
    }),
  ),
  series: z.array(seriesFile),
  rejects: z
    .object({path: z.string().regex(/^rejects\/[0-9a-f]{32}\.jsonl$/), ...fileShape, rows: count})
    .optional(),
  footprints: z
    .object({
      path: z.string().regex(/^state\/[0-9a-f]{32}\.footprints$/),
      ...fileShape,
      entries: z.array(z.object({volume: z.string(), offset: count, length: count})),
    })
    .optional(),
  /** Absent in batches of older programs: from the batch's first to its last minute, for all of its volumes. */
  coverage: z.array(coverage).optional(),
  pruned: z.array(pruned).optional(),
  /** Batches whose content this one has taken over: they no longer exist, but their files stay for readers a while. */
  replaces: z.object({batchIds: z.array(batchId), keepUntil: z.iso.datetime()}).optional(),
});

/** What one batch consists of. Its file is written last: a batch without one does not exist. */
export type BatchManifest = z.infer<typeof manifestSchema>;
export type SeriesFile = BatchManifest['series'][number];
export type FootprintPack = NonNullable<BatchManifest['footprints']>;
export type Coverage = z.infer<typeof coverage>;

export const MANIFEST_KIND = {kind: KIND, version: VERSION, schema: manifestSchema} as const;
