import {sha256Hex} from '../core/index.js';

/** Everything beside its bytes that decides what an input means; absent where the format does not use it. */
export interface InputMeaning {
  readonly format: string;
  /** The volume of all rows that do not name one. */
  readonly volume?: string;
  /** What stands before the names of volumes that the rows tell. */
  readonly volumePrefix?: string;
  /** Other names of volumes, by those that the rows tell, in code-unit order of these. */
  readonly volumeNames?: readonly (readonly [told: string, volume: string])[];
  readonly startUs?: number;
  readonly timeZone?: string;
  /** What flags told of what the input leaves open, in the order of READING_FLAGS. */
  readonly readings?: readonly (readonly [reading: string, told: string])[];
  readonly skewUs: number;
}

/**
 * The identity of an input, in hex: equal content with equal meaning is the same input, whatever the file is called
 * and however it is compressed. `contentSha256` is of the decompressed bytes; with the digest of the bytes on disk
 * instead, the result tells a repeated file before it is parsed.
 */
export function identifyInput(contentSha256: string, meaning: InputMeaning): string {
  const {format, volume = null, startUs = null, timeZone = null, skewUs, readings = []} = meaning;
  const {volumePrefix, volumeNames} = meaning;
  const told = [
    ...readings,
    ...(volumePrefix === undefined ? [] : [['volumePrefix', volumePrefix] as const]),
    ...(volumeNames === undefined ? [] : [['volumeNames', volumeNames] as const]),
  ];
  return sha256Hex(
    JSON.stringify(['input', 1, contentSha256, format, volume, startUs, timeZone, skewUs, ...told]),
  );
}
