const UNITS = new Map(['', 'KB', 'MB', 'GB', 'TB', 'PB'].map((unit, power) => [unit, 1024 ** power]));

/** What `storage.reserve` says: a share of each brick's file system, or bytes. */
export type GlusterReserve =
  | {readonly kind: 'percent'; readonly percent: number; readonly isDefault: boolean; readonly text: string}
  | {readonly kind: 'bytes'; readonly bytes: number};

/**
 * The meaning of a value of `storage.reserve` as GlusterFS 10 takes it (tried on the real one): below 100 it is a
 * percentage, with or without the sign; from 100 on bytes, units are powers of 1024. Undefined for anything else.
 */
export function parseReserve(value: string): GlusterReserve | undefined {
  const text = value.replace(/\s*\(DEFAULT\)$/, '');
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*(%|[KMGTP]B)?$/i.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const number = Number(digits);
  if (number < 100 && ['', '%'].includes(unit)) {
    if (number === 0) return {kind: 'bytes', bytes: 0};
    return {kind: 'percent', percent: number, isDefault: text !== value, text};
  }
  const bytes = number * (UNITS.get(unit === '%' ? '' : unit.toUpperCase()) ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? {kind: 'bytes', bytes} : undefined;
}

/** The least number of bytes that a plan asks for, well above what would mean a percentage. */
export const LEAST_RESERVE_BYTES = 1024;

/** Bytes as `storage.reserve` takes them; undefined where the number would mean a percentage. */
export function reserveText(bytes: number): string | undefined {
  return bytes === 0 || bytes >= 100 ? String(bytes) : undefined;
}
