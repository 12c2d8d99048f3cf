import {readdir} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';

import {errorText, InputError, parseArtifact, readText, TargetError} from '../../core/index.js';
import {BATCHES_FOLDER, manifestPath} from './layout.js';

const KIND = 'foreshadow.batch';
const VERSION = 1;
const MANIFEST_NAME = /^\d{8,}-[0-9a-f]{32}\.json$/;

const whole = z.number().int();
const count = whole.nonnegative();
const batchId = z.string().regex(/^[0-9a-f]{32}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
// Paths are checked so that a damaged or forged manifest cannot lead out of the store.
const fileShape = {sizeBytes: count, sha256};
const seriesFile = z.object({
  path: z.string().regex(/^series\/granularity=\d+\/bucket=\d{3}\/[0-9a-f]{32}\.parquet$/),
  ...fileShape,
  granularity: z.union([z.literal(60), z.literal(3600)]),
  bucket: count,
  rows: count,
  /** Start of the first and of the last step in it. */
  firstUs: whole,
  lastUs: whole,
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
      /** Absent when no row of it could be used. */
      firstUs: z.number().optional(),
      lastUs: z.number().optional(),
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
});

/** What one batch consists of. Its file is written last: a batch without one does not exist. */
export type BatchManifest = z.infer<typeof manifestSchema>;
export type SeriesFile = BatchManifest['series'][number];
export type FootprintPack = NonNullable<BatchManifest['footprints']>;

export const MANIFEST_KIND = {kind: KIND, version: VERSION, schema: manifestSchema} as const;

/** The manifests of a store, oldest first. Throws InputError for one that cannot be read or does not belong. */
export async function readManifests(storePath: string): Promise<readonly BatchManifest[]> {
  const names = (await namesIn(path.join(storePath, BATCHES_FOLDER))).filter((name) =>
    MANIFEST_NAME.test(name),
  );
  const manifests: BatchManifest[] = [];
  for (const name of names) {
    const file = path.join(storePath, BATCHES_FOLDER, name);
    const manifest = parseArtifact(await readText(file), file, MANIFEST_KIND);
    if (manifestPath(manifest.sequence, manifest.batchId) !== `${BATCHES_FOLDER}/${name}`) {
      throw damaged(`${file} is the manifest of batch ${manifest.sequence}-${manifest.batchId}`);
    }
    manifests.push(manifest);
  }
  const ids = new Set(manifests.map((manifest) => manifest.batchId));
  if (ids.size < manifests.length) throw damaged(`${storePath} holds a batch twice`);
  return manifests.sort((left, right) => left.sequence - right.sequence);
}

function damaged(message: string): InputError {
  return new InputError('store-damaged', message, {hints: ['restore the store from a copy']});
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new TargetError('cannot-read', `cannot read ${folder}: ${errorText(error)}`, {cause: error});
  }
}
