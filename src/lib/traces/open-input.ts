import path from 'node:path';

import {InputError, parseTimeZone, type TimeZone, UsageError} from '../core/index.js';
import {identifyInput, type InputMeaning} from './input-identity.js';
import {type ContentTally, type InputSource, openContent} from './reading/content.js';
import type {ContentChunk} from './reading/feed-lines.js';
import type {TimeRule} from './reading/check-row.js';
import {type FormatOptions, READING_FLAGS, type Readings, type TraceFormat} from './reading/trace-format.js';
import {takeSample} from './sample.js';
import {findFormat, type NamedFormat, sniffFormat} from './sniff-format.js';
import {mayBeRelative, timeRuleOf, tryFormat} from './try-format.js';

const NO_NAMES: ReadonlyMap<string, string> = new Map();

/** What decides how inputs are read; each may be left out. */
export interface InputOptions {
  /** A name of TRACE_FORMATS instead of sniffing. */
  readonly format?: string;
  /** Volume of the rows that do not name one, instead of the file's name. */
  readonly volume?: string;
  /** Put before the name of every volume, whatever names it. */
  readonly volumePrefix?: string;
  /** The names of volumes, by those that the rows tell; others keep theirs. The prefix stands before them too. */
  readonly volumeNames?: ReadonlyMap<string, string>;
  /** What a relative time of 0 means, epoch us. */
  readonly startUs?: number;
  /** Zone of local times, instead of UTC. */
  readonly timeZone?: string;
  readonly readings?: Readings;
  /** How much older than the newest row of its volume a row may be. */
  readonly skewUs: number;
}

/** An input of which the format is known, ready to be read once. */
export interface OpenedInput {
  readonly name: string;
  readonly format: TraceFormat;
  readonly meaning: InputMeaning;
  readonly time: TimeRule;
  /** Time of its first row, epoch us; NaN when there is none at its beginning. */
  readonly firstUs: number;
  readonly tally: ContentTally;
  readonly chunks: AsyncGenerator<ContentChunk>;
  /** For an input that is not read after all. */
  readonly close: () => Promise<void>;
  /** What the store calls a volume, by the name that the input has for it; the same without it. */
  readonly nameOfVolume?: ((told: string) => string) | undefined;
  /** All but what is said of volumes. */
  readonly formatOptions: Omit<FormatOptions, 'indexOfVolume' | 'provisioned'>;
}

/**
 * Opens an input and settles everything that its first lines tell. Throws InputError when it is empty, damaged, of no
 * known format or of another than named, or when its times are relative and no start is given (or the reverse).
 * Once `hurry` is over, what is there of a stream is enough to tell.
 */
export async function openInput(
  source: InputSource,
  options: InputOptions,
  hurry?: Promise<unknown>,
): Promise<OpenedInput> {
  const {name} = source;
  const content = await openContent(source);
  const close = async (): Promise<void> => {
    await content.chunks.return(undefined);
  };
  try {
    const {sample, chunks} = await takeSample(content.chunks, name, hurry);
    const named = options.format === undefined ? sniffFormat(sample, name) : findFormat(options.format, name);
    const formatOptions = {
      inputVolume: () => inputVolumeOf(source, options) ?? refuseNameless(name),
      ...(options.volume === undefined ? {} : {toldVolume: options.volume}),
      timeZone: timeZoneOf(options),
      readings: options.readings ?? {},
      firstLines: sample.lines,
      firstBytes: sample.bytes,
      source: name,
    };
    const trial = tryFormat(named, formatOptions, sample);
    const time = timeRuleOf(named.format, trial, options.startUs, name);
    return {
      name,
      format: named.format,
      meaning: meaningOf(source, named, options),
      time,
      firstUs: trial.firstUs + time.shiftUs,
      tally: content.tally,
      chunks,
      close,
      nameOfVolume: namingOf(options),
      formatOptions,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Throws UsageError for an option that means nothing for any of the formats that were read. */
export function refuseUnusedOptions(options: InputOptions, formats: readonly TraceFormat[]): void {
  const refuse = (flag: string, reason: string): never => {
    throw new UsageError('unused-option', `${flag} does not apply: ${reason}; nothing was written`);
  };
  if (options.volume !== undefined && formats.every(({volumeFrom}) => volumeFrom === 'row')) {
    refuse('--volume', 'every row names its volume');
  }
  if (options.startUs !== undefined && !formats.some(mayBeRelative)) {
    refuse('--start', 'the times are not relative');
  }
  if (options.timeZone !== undefined && formats.every(({time}) => time !== 'local')) {
    refuse('--time-zone', 'the times are not local');
  }
  for (const {reading, flag} of READING_FLAGS) {
    const isTold = options.readings?.[reading] !== undefined;
    if (isTold && formats.every(({heeds = []}) => !heeds.includes(reading))) {
      refuse(flag, 'the format leaves no doubt about it');
    }
  }
}

function namingOf({volumePrefix = '', volumeNames = NO_NAMES}: InputOptions): OpenedInput['nameOfVolume'] {
  if (volumePrefix === '' && volumeNames.size === 0) return undefined;
  return (told) => `${volumePrefix}${volumeNames.get(told) ?? told}`;
}

function meaningOf(source: InputSource, {name, format}: NamedFormat, options: InputOptions): InputMeaning {
  // Where rows may name their volume, a log under another name is the same log: only its content counts.
  const volume = format.volumeFrom === 'row-or-input' ? undefined : volumeOf(format, source, options);
  const readings = READING_FLAGS.flatMap(({reading}) => {
    const told = format.heeds?.includes(reading) === true ? options.readings?.[reading] : undefined;
    return told === undefined ? [] : [[reading, told] as const];
  });
  const startUs = mayBeRelative(format) ? options.startUs : undefined;
  return {
    format: name,
    ...named(volume, options),
    ...(startUs === undefined ? {} : {startUs}),
    ...(format.time === 'local' ? {timeZone: timeZoneOf(options).name} : {}),
    readings,
    skewUs: options.skewUs,
  };
}

/** A volume that is told under its whole name means the same as with a part of that as its prefix. */
function named(
  volume: string | undefined,
  options: InputOptions,
): Pick<InputMeaning, 'volume' | 'volumePrefix' | 'volumeNames'> {
  const {volumePrefix, volumeNames = NO_NAMES} = options;
  if (volume !== undefined) return {volume: namingOf(options)?.(volume) ?? volume};
  return {
    ...(volumePrefix === undefined ? {} : {volumePrefix}),
    ...(volumeNames.size === 0 ? {} : {volumeNames: [...volumeNames].sort(byFirst)}),
  };
}

function byFirst([left]: readonly [string, string], [right]: readonly [string, string]): number {
  return left < right ? -1 : 1;
}

/** The volume that the input's rows are of, as far as it is not the rows that tell. */
function volumeOf({volumeFrom}: TraceFormat, source: InputSource, options: InputOptions): string | undefined {
  if (volumeFrom === 'row') return undefined;
  return volumeFrom === 'row-or-told' ? options.volume : inputVolumeOf(source, options);
}

/** `w92` of `traces/w92.csv.gz`. */
function inputVolumeOf(source: InputSource, {volume}: InputOptions): string | undefined {
  if (volume !== undefined || source.kind === 'stream') return volume;
  const fileName = path.basename(source.path).replace(/\.(?:gz|zst)$/i, '');
  return path.parse(fileName).name;
}

function refuseNameless(name: string): never {
  throw new InputError('no-volume', `${name}: nothing says which volume its rows are of`, {
    hints: ['--volume NAME'],
  });
}

function timeZoneOf({timeZone = 'UTC'}: InputOptions): TimeZone {
  const zone = parseTimeZone(timeZone);
  if (zone !== undefined) return zone;
  throw new UsageError('bad-flag-value', `--time-zone cannot be read: "${timeZone}"`, {
    hints: ['write it like --time-zone Europe/Berlin or --time-zone +02:00'],
  });
}

/** The identities of an input by its content and by its bytes on disk; to be asked when it was read to its end. */
export function identitiesOf({tally, meaning}: OpenedInput): {
  readonly sha256: string;
  readonly identitySha256: string;
  readonly rawKeySha256: string;
} {
  const sha256 = tally.sha256();
  return {
    sha256,
    identitySha256: identifyInput(tally.contentSha256(), meaning),
    rawKeySha256: identifyInput(sha256, meaning),
  };
}
