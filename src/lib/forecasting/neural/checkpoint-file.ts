import {readFile} from 'node:fs/promises';
import {z} from 'zod';

import {
  checkSeal,
  errorText,
  InputError,
  parseArtifact,
  sealedText,
  writeFileAtomically,
} from '../../core/index.js';
import {decodeFloat32, encodeFloat32} from '../float-text.js';
import type {TrainingState} from './train-net.js';

const floats = z.base64().transform((text, context): Float32Array => {
  const values = decodeFloat32(text);
  if (values) return values;
  context.addIssue('must be base64 of 32-bit floats');
  return z.NEVER;
});

const word = z.int();
const checkpointSchema = z.object({
  kind: z.literal('foreshadow.checkpoint'),
  version: z.literal(1),
  sha256: z.string(),
  inputsSha256: z.string(),
  updates: z.int().nonnegative(),
  random: z.tuple([word, word, word, word]),
  weights: floats,
  first: floats,
  second: floats,
  /** `loss` is absent where it is not a number. */
  best: z.object({weights: floats, loss: z.number().optional(), rounds: z.int().nonnegative()}),
});

const CHECKPOINT_KIND = {kind: 'foreshadow.checkpoint', version: 1} as const;

/**
 * What an interrupted training of the same inputs kept in a file; undefined when there is none. Throws InputError that says
 * why a file cannot be used: it belongs to other inputs, or was damaged.
 */
export async function readCheckpoint(
  filePath: string,
  inputsSha256: string,
): Promise<TrainingState | undefined> {
  const text = await readIfThere(filePath);
  if (text === undefined) return undefined;
  parseArtifact(text, filePath, {...CHECKPOINT_KIND, schema: z.unknown()});
  checkSeal(text, filePath);
  const kept = parseArtifact(text, filePath, {...CHECKPOINT_KIND, schema: checkpointSchema});
  if (kept.inputsSha256 !== inputsSha256) {
    throw new InputError(
      'other-inputs',
      `${filePath} belongs to a training with another history, other options, seed or back end, or another version of foreshadow`,
    );
  }
  const {updates, random, weights, first, second, best} = kept;
  return {
    adam: {weights, first, second, updates},
    random,
    best: {...best, loss: best.loss ?? Number.NaN},
  };
}

/** Writes how far a training is, wholly or not at all. Throws TargetError. */
export async function writeCheckpoint(
  filePath: string,
  inputsSha256: string,
  {adam, random, best}: TrainingState,
): Promise<void> {
  const file: z.input<typeof checkpointSchema> = {
    ...{...CHECKPOINT_KIND, sha256: '', inputsSha256},
    ...{updates: adam.updates, random: [...random]},
    weights: encodeFloat32(adam.weights),
    first: encodeFloat32(adam.first),
    second: encodeFloat32(adam.second),
    best: {
      weights: encodeFloat32(best.weights),
      ...(Number.isFinite(best.loss) && {loss: best.loss}),
      rounds: best.rounds,
    },
  };
  await writeFileAtomically(filePath, sealedText(file).text);
}

async function readIfThere(filePath: string): Promise<string | undefined> {
  try {
    return await readFile(filePath, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new InputError('cannot-read', `cannot read ${filePath}: ${errorText(error)}`, {cause: error});
  }
}
