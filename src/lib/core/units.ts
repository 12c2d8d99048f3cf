import {UsageError} from './errors.js';

const BYTE_UNITS = new Map<string, number>([
  ['', 1],
  ['B', 1],
  ...['K', 'M', 'G', 'T', 'P', 'E'].flatMap((prefix, index): [string, number][] => [
    [`${prefix}B`, 1000 ** (index + 1)],
    [`${prefix}IB`, 1024 ** (index + 1)],
  ]),
]);
const DURATION_SECONDS = new Map<string, number>([
  ['s', 1],
  ['m', 60],
  ['min', 60],
  ['h', 3600],
  ['d', 86_400],
  ['w', 604_800],
]);
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-z]*)$/i;

/**
 * Bytes of a text such as `7.68TB` (decimal), `2TiB` (binary) or a plain number of bytes, rounded to a whole byte.
 * Undefined when it is not such a text, is negative, or is larger than an exact integer can be (2^53 - 1).
 */
export function parseBytes(text: string): number | undefined {
  const [, digits, unit] = QUANTITY.exec(text.trim()) ?? [];
  const factor = BYTE_UNITS.get((unit ?? '').toUpperCase());
  if (digits === undefined || factor === undefined) return undefined;
  const bytes = Math.round(Number(digits) * factor);
  return bytes >= 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * Bytes a second of a text such as `200MB/s`; the `/s` may be left out. Undefined when it is not such a text, is 0, or
 * ends in a lower-case b, which in rates means bits.
 */
export function parseRate(text: string): number | undefined {
  const quantity = text.trim().replace(/\s*\/\s*s$/i, '');
  const bytes = quantity.endsWith('b') ? undefined : parseBytes(quantity);
  return bytes === 0 ? undefined : bytes;
}

/** Bytes with a binary unit and three or four digits: `1.50 TiB`. Negative values keep their sign. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '-';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  let magnitude = Math.abs(bytes);
  let index = 0;
  while (magnitude >= 1023.5 && index < units.length - 1) {
    magnitude /= 1024;
    index += 1;
  }
  const digits = index === 0 ? 0 : magnitude < 10 ? 2 : magnitude < 100 ? 1 : 0;
  return `${bytes < 0 ? '-' : ''}${magnitude.toFixed(digits)} ${units[index] ?? ''}`;
}

/** Seconds of a text such as `90s`, `15m`, `6h`, `7d`, `2w`. Undefined when it is not such a text or is not positive. */
export function parseDurationSeconds(text: string): number | undefined {
  const [, digits, unit] = QUANTITY.exec(text.trim()) ?? [];
  const factor = DURATION_SECONDS.get((unit ?? '').toLowerCase());
  if (digits === undefined || factor === undefined) return undefined;
  const seconds = Number(digits) * factor;
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined;
}

/** Seconds in the largest unit that divides them: `7d`, `90s`. */
export function formatDurationSeconds(seconds: number): string {
  const fit = [...DURATION_SECONDS].reverse().find(([unit, size]) => unit !== 'min' && seconds % size === 0);
  return fit && seconds !== 0 ? `${seconds / fit[1]}${fit[0]}` : `${Number(seconds.toFixed(3))}s`;
}

/** Seconds to a minute, in the two largest units that are not 0: `3d 5h`, `5h 20m`; below a minute `45s`. */
export function formatDurationRoughly(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)}s`;
  let rest = Math.round(seconds / 60) * 60;
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm']) {
    const size = DURATION_SECONDS.get(unit) ?? 1;
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0) parts.push(`${whole}${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}

/** A share in [0, 1] of `0.2` or `20%`; undefined when it is neither. */
export function parseShare(text: string): number | undefined {
  const trimmed = text.trim();
  const percent = trimmed.endsWith('%');
  const digits = percent ? trimmed.slice(0, -1) : trimmed;
  if (digits.trim() === '') return undefined;
  const share = Number(digits) / (percent ? 100 : 1);
  return share >= 0 && share <= 1 ? share : undefined;
}

/** The parsed value of a flag, or a usage error that names the flag, the value and an example. */
export function parseFlag<T>(
  flag: string,
  text: string,
  parse: (text: string) => T | undefined,
  example: string,
): T {
  const value = parse(text);
  if (value === undefined) {
    throw new UsageError('bad-flag-value', `--${flag} cannot be read: "${text}"`, {
      hints: [`write it like --${flag} ${example}`],
    });
  }
  return value;
}
