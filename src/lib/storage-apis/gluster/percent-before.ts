import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';

import {errorText, InputError, parseArtifact, writeFileAtomically} from '../../core/index.js';
import {syncFolder} from '../sync-folder.js';
import type {GlusterReserve} from './gluster-reserve.js';

/*
 * Beside the journals of a target: percent-before/VOLUME.json. A plan is told in bytes, and so is its journal; what a
 * rollback writes where a percentage was before is kept here.
 */
const KEPT = {
  kind: 'foreshadow.percent-before',
  version: 1,
  schema: z.object({
    kind: z.literal('foreshadow.percent-before'),
    version: z.literal(1),
    volumeId: z.string(),
    /** As it was said: `5%`, `1`. */
    text: z.string(),
    isDefault: z.boolean(),
    /** What that was of the smallest brick. */
    bytes: z.number().int().nonnegative(),
  }),
} as const;

interface NamedVolume {
  readonly name: string;
  readonly id: string;
}

/** The percentage that a volume had before a plan. */
export type PercentBefore = z.infer<typeof KEPT.schema>;

/** Keeps it; returns when it is on the disk. Throws TargetError when the disk refuses. */
export async function keepPercent(
  journalFolder: string,
  {name, id}: NamedVolume,
  {text, isDefault}: Extract<GlusterReserve, {kind: 'percent'}>,
  bytes: number,
): Promise<void> {
  const {kind, version} = KEPT;
  const kept: PercentBefore = {kind, version, volumeId: id, text, isDefault, bytes};
  const file = fileOf(journalFolder, name);
  await writeFileAtomically(file, `${JSON.stringify(kept)}\n`);
  await syncFolder(path.dirname(file));
}

/** What is kept of this very volume; undefined when nothing is. Throws InputError for a file that is damaged. */
export async function keptPercent(
  journalFolder: string,
  {name, id}: NamedVolume,
): Promise<PercentBefore | undefined> {
  const file = fileOf(journalFolder, name);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new InputError('cannot-read', `cannot read ${file}: ${errorText(error)}`, {cause: error});
  }
  const kept = parseArtifact(text, file, KEPT);
  return kept.volumeId === id ? kept : undefined;
}

/** Names of volumes are letters, digits, - and _. */
function fileOf(journalFolder: string, volume: string): string {
  return path.join(journalFolder, 'percent-before', `${volume}.json`);
}
