import {InputError} from '../../core/index.js';
import type {IngestedInput} from '../../traces/index.js';

/** UTF-8 has no form for half a surrogate pair: such a name would come back as another. */
const HALF_CHARACTER = /\p{Surrogate}/u;

/** The batch that holds all of some inputs, alone or merged with others; undefined when one is new. */
export function holderOf(
  inputs: readonly IngestedInput[],
  known: ReadonlyMap<string, string>,
): string | undefined {
  const holders = inputs.map(({identitySha256}) => known.get(identitySha256));
  return holders.every((holder) => holder !== undefined && holder === holders[0]) ? holders[0] : undefined;
}

/** Throws InputError for an input that the store, or the batch itself, holds already. */
export function refuseRepeats(inputs: readonly IngestedInput[], known: ReadonlyMap<string, string>): void {
  const seen = new Set<string>();
  for (const {identitySha256, name} of inputs) {
    const holder = known.get(identitySha256) ?? (seen.has(identitySha256) ? 'this very batch' : undefined);
    if (holder !== undefined) {
      throw new InputError('duplicate-input', `${name} is already in the store, in batch ${holder}`, {
        hints: ['leave it out, so that nothing is counted twice'],
      });
    }
    seen.add(identitySha256);
  }
}

/** Throws InputError for a name that would come back as another. */
export function refuseHalfCharacters(volumes: readonly string[]): void {
  const bad = volumes.find((name) => HALF_CHARACTER.test(name));
  if (bad === undefined) return;
  throw new InputError('bad-volume-name', `volume ${JSON.stringify(bad)} is not valid Unicode text`);
}
