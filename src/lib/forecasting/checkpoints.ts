import {readdir, rm, rmdir} from 'node:fs/promises';
import path from 'node:path';

import {errorText, InputError} from '../core/index.js';
import type {CheckpointPlace} from './model.js';
import {readCheckpoint, writeCheckpoint} from './neural/checkpoint-file.js';
import type {TrainingState} from './neural/train-net.js';

/** The checkpoints of one network. */
export interface Checkpoints {
  readonly resume: TrainingState | undefined;
  keep(state: TrainingState): Promise<void>;
}

const ENDING = '.checkpoint.json';

/**
 * Opens the checkpoints of a network's training; what is there of another training, or damaged, is told and begun anew.
 * Without a place nothing is kept.
 */
export async function openCheckpoints(
  place: CheckpointPlace | undefined,
  {model, inputsSha256}: {readonly model: string; readonly inputsSha256: string},
  onRemark?: (text: string) => void,
): Promise<Checkpoints | undefined> {
  if (place === undefined) return undefined;
  const filePath = path.join(place.folder, `${model}${ENDING}`);
  const keep = (state: TrainingState): Promise<void> => writeCheckpoint(filePath, inputsSha256, state);
  try {
    const resume = await readCheckpoint(filePath, inputsSha256);
    if (resume) onRemark?.(`${model}: goes on after step ${resume.adam.updates}, from ${filePath}`);
    return {resume, keep};
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    onRemark?.(`${model}: ${errorText(error)}: training begins anew`);
    return {resume: undefined, keep};
  }
}

/** Removes the checkpoints in a folder, also half-written ones, and the folder when nothing else is in it. */
export async function removeCheckpoints(folder: string): Promise<void> {
  const files = await readdir(folder).catch(() => []);
  for (const file of files) if (file.includes(ENDING)) await rm(path.join(folder, file), {force: true});
  // Something of somebody else is in it, or it was never there: neither is our concern.
  await rmdir(folder).catch(() => undefined);
}
