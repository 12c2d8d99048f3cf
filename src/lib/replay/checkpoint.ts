import {z} from 'zod';

import {type ArtifactHeader, InputError, readArtifact, writeFileAtomically} from '../core/index.js';
import type {ReplayState} from './replay-options.js';

/** The kind of file in which a replay keeps how far it is. */
export const CHECKPOINT_KIND = 'foreshadow.replay-checkpoint';

const VERSION = 1;
const count = z.int().nonnegative();
const amount = z.number();

const sumsSchema = z.strictObject({
  draws: z.strictObject({
    happened: z.array(count),
    repaired: z.array(count),
    stuckBytes: z.array(amount),
    volumeHoursAtRisk: z.array(amount),
  }),
  heldByteHours: amount,
  nominalByteHours: amount,
  steps: count,
  changes: count,
  movedBytes: amount,
  infeasibleReviews: count,
  worst: z.strictObject({stuckBytes: amount, scenario: z.string(), atUs: amount}).nullable(),
  held: z.array(amount).nullable(),
});

const checkpointSchema = z.strictObject({
  kind: z.literal(CHECKPOINT_KIND),
  version: z.literal(VERSION),
  tool: z.string(),
  createdAt: z.string(),
  inputsSha256: z.string(),
  reviewsDone: count,
  contenders: z.array(
    z.strictObject({
      policy: z.string(),
      sums: sumsSchema,
      changedAtStep: z.array(count.nullable()),
    }),
  ),
});

/**
 * How far the replay of these inputs is by a checkpoint file. Throws InputError when the file is none, is damaged, or
 * belongs to a replay of other inputs.
 */
export async function readCheckpoint(file: string, inputsSha256: string): Promise<ReplayState> {
  const found = await readArtifact(file, {kind: CHECKPOINT_KIND, version: VERSION, schema: checkpointSchema});
  if (found.inputsSha256 !== inputsSha256) {
    throw new InputError(
      'other-replay',
      `${file} belongs to a replay of other data, flags or version (written ${found.createdAt}, ${found.reviewsDone} reviews done)`,
      {hints: ['repeat that replay as it was', 'or name another --checkpoint, or remove the file']},
    );
  }
  return {reviewsDone: found.reviewsDone, contenders: found.contenders};
}

/** Writes how far it is, wholly or not at all. */
export async function writeCheckpoint(
  file: string,
  header: Pick<ArtifactHeader, 'tool' | 'createdAt'>,
  inputsSha256: string,
  state: ReplayState,
): Promise<void> {
  const artifact = {kind: CHECKPOINT_KIND, version: VERSION, ...header, inputsSha256, ...state};
  await writeFileAtomically(file, `${JSON.stringify(artifact)}\n`);
}
