import {readFile} from 'node:fs/promises';

import {z} from 'zod';

import {
  type ArtifactHeader,
  canonicalJson,
  parseArtifact,
  readText,
  sha256Hex,
  writeArtifact,
} from '../core/index.js';

const stepSchema = z.object({
  fingerprint: z.string(),
  exitCode: z.int(),
  why: z.string().optional(),
  outputs: z.record(z.string(), z.string()),
});

/** What the last run of a step read and wrote. */
export type StepRecord = z.infer<typeof stepSchema>;

const RECORD_KIND = {
  kind: 'foreshadow.nightly',
  version: 1,
  schema: z.object({steps: z.record(z.string(), stepSchema)}),
};

/** By step; none where there is no file yet. Throws InputError when the file is something else. */
export async function readRecord(path: string): Promise<ReadonlyMap<string, StepRecord>> {
  if (!(await isThere(path))) return new Map();
  const {steps} = parseArtifact(await readText(path), path, RECORD_KIND);
  return new Map(Object.entries(steps));
}

export async function writeRecord(
  path: string,
  steps: ReadonlyMap<string, StepRecord>,
  made: Pick<ArtifactHeader, 'tool' | 'createdAt'>,
): Promise<void> {
  const {kind, version} = RECORD_KIND;
  await writeArtifact(path, {kind, version, ...made, ...{steps: Object.fromEntries(steps)}});
}

/** The same for the same calls on the same inputs by the same program. */
export function fingerprintOf(parts: unknown): string {
  return sha256Hex(canonicalJson(parts));
}

/** Files with the hashes of what is in them now; `missing` for one that is not there. */
export async function hashesOf(paths: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const hashed = paths.map(async (path) => {
    const bytes = await readFile(path).catch(() => undefined);
    return [path, bytes === undefined ? 'missing' : sha256Hex(bytes)] as const;
  });
  return Object.fromEntries(await Promise.all(hashed));
}

async function isThere(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
