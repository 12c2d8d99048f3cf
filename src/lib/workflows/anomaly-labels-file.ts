import {existsSync} from 'node:fs';

import {z} from 'zod';

import {type ArtifactHeader, readArtifact, writeArtifact} from '../core/index.js';
import {type AnomalyLabel, parseAnomalyLabels} from '../patterns/index.js';
import {besideStore} from '../shadow-store/index.js';

const KIND = 'foreshadow.anomaly-labels';
const VERSION = 1;
const schema = z.object({
  kind: z.literal(KIND),
  version: z.literal(VERSION),
  tool: z.string(),
  createdAt: z.string(),
  labels: z.unknown(),
});

/** Where people's labels of a store are, unless told otherwise. */
export function labelsFileOf(storePath: string): string {
  return `${besideStore(storePath)}-anomaly-labels.json`;
}

/** None where there is no such file yet. Throws as `readLabels` does. */
export async function readLabelsIfAny(filePath: string): Promise<readonly AnomalyLabel[]> {
  return existsSync(filePath) ? readLabels(filePath) : [];
}

/** Throws InputError that names the file, and the field. */
export async function readLabels(filePath: string): Promise<readonly AnomalyLabel[]> {
  const {labels} = await readArtifact(filePath, {kind: KIND, version: VERSION, schema});
  return parseAnomalyLabels(labels, `${filePath}: labels`);
}

/** Writes all labels, in order: a later one overrides an earlier one. */
export async function writeLabels(
  filePath: string,
  labels: readonly AnomalyLabel[],
  made: Pick<ArtifactHeader, 'tool' | 'createdAt'>,
): Promise<void> {
  const file: ArtifactHeader & {readonly labels: readonly AnomalyLabel[]} = {
    ...{kind: KIND, version: VERSION},
    ...made,
    labels,
  };
  await writeArtifact(filePath, file);
}
