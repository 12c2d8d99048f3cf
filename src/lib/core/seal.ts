import {artifactText, sha256Hex} from './artifact.js';
import {InputError} from './errors.js';

/** What carries the hash of its own text. */
export interface Sealed {
  readonly kind: string;
  readonly version: number;
  /** Empty until it is sealed. */
  readonly sha256: string;
}

/** A line of the header: the first one of the text, as what is nested stands further to the right. */
const SEAL = /^ {2}"sha256": "([0-9a-f]*)"/m;
const CREATED = /^ {2}"createdAt": "[^"\n]*"/m;

/**
 * The text of an artifact (or of another file with kind and version) with its hash in `sha256`: SHA-256 of all its bytes but the values of `sha256` and `createdAt`, so
 * that the same content made at another time has the same hash.
 */
export function sealedText(artifact: Sealed): {readonly text: string; readonly sha256: string} {
  const unsealed: Sealed = {...artifact, sha256: ''};
  const text = artifactText(unsealed);
  const sha256 = hashOf(text);
  return {text: text.replace(SEAL, `  "sha256": "${sha256}"`), sha256};
}

/** The hash that `sealedText` gave. Throws InputError when a byte of the text was changed since, or it has none. */
export function checkSeal(text: string, source: string): string {
  const [, told] = SEAL.exec(text) ?? [];
  const found = hashOf(text);
  if (told === found) return found;
  throw new InputError(
    'changed-bytes',
    told === undefined
      ? `${source}: sha256: there is none`
      : `${source}: sha256 is ${shortHash(told)}, its content has ${shortHash(found)}: it was changed or cut off after it was written`,
    {hints: ['take an unchanged copy, or make the file again']},
  );
}

/** As much of a hash as people compare. */
export function shortHash(sha256: string): string {
  return sha256.slice(0, 12);
}

function hashOf(text: string): string {
  return sha256Hex(text.replace(SEAL, '  "sha256": ""').replace(CREATED, '  "createdAt": ""'));
}
