import {open, type FileHandle} from 'node:fs/promises';

import {z} from 'zod';

import {errorText, InputError, parseWith} from '../core/index.js';
import type {Forecast, SeriesKind} from '../forecasting/index.js';
import {KEPT_LEVELS} from './kept-forecast.js';
import type {ForeseenVolume} from './score-block.js';

/**
 * Layout of a file of kept numbers: the eight bytes `fsnumb01`; the length of the header, 4 bytes, little-endian; the header as
 * JSON; then the quantiles as 32-bit floats, little-endian, block by block of `blockSteps` steps (the last may be
 * shorter), in a block series by series, in a series level by level of `KEPT_LEVELS`, in a level step by step. A night
 * reads one block. Outcomes are rounded as quantiles are before the two are compared (`scoreSteps`).
 */
const MAGIC = 'fsnumb01';
const PREFIX_BYTES = MAGIC.length + 4;
const FLOAT_BYTES = 4;

const headerSchema = z.strictObject({
  horizonSteps: z.int().positive(),
  blockSteps: z.int().positive(),
  levels: z.array(z.number()).length(KEPT_LEVELS.length),
  /** Name, class and scale at the origin (`VolumeTraits`). */
  series: z.array(
    z.tuple([z.string(), z.enum(['unknown', 'constant', 'intermittent', 'ordinary']), z.number()]),
  ),
});

type Header = z.infer<typeof headerSchema>;

/** What is known of a volume when it is foreseen, and needed when it is scored. */
export interface VolumeTraits {
  readonly kind: SeriesKind;
  /** Mean absolute difference one season apart; 0 when it never moved. */
  readonly scale: number;
}

/** The bytes of the file for forecasts at `KEPT_LEVELS`, at least one, all equally long. */
export function keptNumbersBytes(
  forecasts: readonly Forecast[],
  blockSteps: number,
  traitsOf: (id: string) => VolumeTraits,
): Uint8Array {
  const horizonSteps = forecasts[0]?.point.length ?? 0;
  const header: Header = {
    ...{horizonSteps, blockSteps, levels: [...KEPT_LEVELS]},
    series: forecasts.map(({id}) => {
      const {kind, scale} = traitsOf(id);
      return [id, kind, scale];
    }),
  };
  const head = Buffer.from(JSON.stringify(header));
  const bytes = Buffer.alloc(
    PREFIX_BYTES + head.length + forecasts.length * KEPT_LEVELS.length * horizonSteps * FLOAT_BYTES,
  );
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32LE(head.length, MAGIC.length);
  head.copy(bytes, PREFIX_BYTES);
  let at = PREFIX_BYTES + head.length;
  for (let from = 0; from < horizonSteps; from += blockSteps)
    for (const {quantiles} of forecasts)
      for (const path of quantiles)
        for (const value of path.subarray(from, from + blockSteps)) at = bytes.writeFloatLE(value, at);
  return bytes;
}

/**
 * The quantiles of all series in one block, in the order in which they were written. Throws InputError when the file is not
 * what `keptNumbersBytes` gave.
 */
export async function readKeptNumbers(filePath: string, block: number): Promise<readonly ForeseenVolume[]> {
  let handle: FileHandle;
  try {
    handle = await open(filePath);
  } catch (error) {
    throw new InputError('cannot-read', `cannot read ${filePath}: ${errorText(error)}`, {cause: error});
  }
  try {
    const {header, headBytes} = await readHeader(handle, filePath);
    const {horizonSteps, blockSteps, series} = header;
    const steps = Math.min(blockSteps, horizonSteps - block * blockSteps);
    const stepBytes = series.length * KEPT_LEVELS.length * FLOAT_BYTES;
    const from = headBytes + block * blockSteps * stepBytes;
    const bytes = await readBytes(handle, from, steps * stepBytes, filePath);
    return series.map(([id, kind, scale], index) => ({
      ...{id, kind, scale},
      quantiles: KEPT_LEVELS.map((_, level) => {
        const first = (index * KEPT_LEVELS.length + level) * steps;
        return Float64Array.from({length: steps}, (__, step) =>
          bytes.readFloatLE((first + step) * FLOAT_BYTES),
        );
      }),
    }));
  } finally {
    await handle.close();
  }
}

async function readHeader(
  handle: FileHandle,
  filePath: string,
): Promise<{readonly header: Header; readonly headBytes: number}> {
  const prefix = await readBytes(handle, 0, PREFIX_BYTES, filePath);
  if (prefix.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw notKept(filePath, 'it does not begin as one');
  const length = prefix.readUInt32LE(MAGIC.length);
  const {size} = await handle.stat();
  if (length > size) throw notKept(filePath, 'it is cut off');
  const text = (await readBytes(handle, PREFIX_BYTES, length, filePath)).toString('utf8');
  return {
    header: parseWith(headerSchema, jsonOf(text, filePath), filePath),
    headBytes: PREFIX_BYTES + length,
  };
}

function jsonOf(text: string, filePath: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw notKept(filePath, errorText(error));
  }
}

async function readBytes(
  handle: FileHandle,
  position: number,
  length: number,
  filePath: string,
): Promise<Buffer> {
  const {buffer, bytesRead} = await handle.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw notKept(filePath, 'it is cut off');
  return buffer;
}

function notKept(filePath: string, what: string): InputError {
  return new InputError('not-kept', `${filePath}: not the numbers of a kept forecast: ${what}`, {
    hints: ['remove the .json beside it: that forecast is not scored then'],
  });
}
