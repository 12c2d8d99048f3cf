import {formatBytes} from '../../core/index.js';

/** Rounded down, so that only a full score reads 100 %; not to be broken into lines. */
export function percent(share: number, digits = 2): string {
  const scale = 10 ** (digits + 2);
  return `${(Math.floor(share * scale + 1e-9) / 10 ** digits).toFixed(digits)}\u00A0%`;
}

/** Bytes with their sign: `+1.50 GiB`, `-20.0 MiB`, `0 B`. */
export function signedBytes(bytes: number): string {
  return bytes > 0 ? `+${formatBytes(bytes)}` : formatBytes(bytes);
}

/** `1 volume`, `3 volumes` */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a, b, c and 4 more` */
export function someOf(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** Rounded to the nearest tenth, with its sign: shares that are to be near another one. Not to be broken into lines. */
export function nearly(share: number): string {
  const tenths = Math.round(1000 * share) / 10;
  return `${(tenths === 0 ? 0 : tenths).toFixed(1)}\u00A0%`;
}
