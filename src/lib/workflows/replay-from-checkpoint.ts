import {existsSync} from 'node:fs';
import {rm} from 'node:fs/promises';

import {canonicalJson, formatInstantUs, sha256Hex} from '../core/index.js';
import {
  readCheckpoint,
  replayHistory,
  type ReplayOptions,
  type ReplayResult,
  writeCheckpoint,
} from '../replay/index.js';

/** Where a replay keeps how far it is, and what it says of itself there. */
export interface CheckpointPlace {
  readonly path: string;
  readonly tool: string;
  readonly nowUs: number;
  /** Told when it goes on from a checkpoint, after so many reviews. */
  readonly onResume: (reviewsDone: number) => void;
}

/** What the result of a replay depends on beside its options: what those were made of. */
export interface ReplayInputs {
  readonly model: string;
  readonly granularity: string;
  readonly seed: number;
}

/**
 * Goes on from the checkpoint where there is one, keeps it up, and removes it when all is done. Throws InputError when it
 * belongs to a replay of other inputs.
 */
export async function replayFromCheckpoint(
  replay: ReplayOptions,
  place: CheckpointPlace | undefined,
  inputs: ReplayInputs,
): Promise<ReplayResult> {
  if (place === undefined) return replayHistory(replay);
  const {path, tool, nowUs, onResume} = place;
  const sha256 = hashInputs(replay, {...inputs, tool});
  const resume = existsSync(path) ? await readCheckpoint(path, sha256) : undefined;
  if (resume !== undefined) onResume(resume.reviewsDone);
  const header = {tool, createdAt: formatInstantUs(nowUs)};
  const onState: ReplayOptions['onState'] = async (state) => writeCheckpoint(path, header, sha256, state);
  const result = await replayHistory({...replay, resume, onState});
  await rm(path, {force: true});
  return result;
}

/** SHA-256 of everything that the result depends on. */
function hashInputs(replay: ReplayOptions, inputs: ReplayInputs & {readonly tool: string}): string {
  const {policies, hindsightPolicies = [], histories, rates, topology, settings, shrink, prices} = replay;
  const {warmUpSteps, reviewSteps, leadSteps, refitReviews, withLaunches, withSuddenGrowth} = replay;
  return sha256Hex(
    canonicalJson({
      ...inputs,
      topology: topology.serial,
      policies: [...policies, ...hindsightPolicies].map(({name}) => name),
      ...{settings, shrink, prices, warmUpSteps, reviewSteps, leadSteps, refitReviews, withLaunches},
      withSuddenGrowth,
      rates: rates && {perYear: [...rates.perYear], drawCount: rates.drawCount},
      histories: histories.map(({id, startUs, values, ceiling}) => {
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        return {id, startUs, ceiling, sha256: sha256Hex(bytes)};
      }),
    }),
  );
}
