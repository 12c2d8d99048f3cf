import {formatInstantUs, US_PER_SECOND} from '../core/index.js';

/** A value on an axis, and what is written there. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

const DAY_US = 86_400 * US_PER_SECOND;
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
const ROUND_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const DAY_STEPS = [1, 2, 7, 14, 28, 56, 91, 182, 364, 728];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** From 0 to `most` bytes, at round numbers of one unit; no more than `count` steps. */
export function byteTicks(most: number, count = 4): readonly Tick[] {
  const exponent = Math.max(0, Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log(most) / Math.log(1024))));
  const unitBytes = 1024 ** exponent;
  const finer = most / unitBytes < 2 && exponent > 0 ? [0.2, 0.5] : [];
  const steps = [...finer, ...ROUND_STEPS].map((step) => step * unitBytes);
  const step = steps.find((bytes) => most / bytes <= count) ?? most;
  return Array.from({length: Math.floor(most / step) + 1}, (_, index) => ({
    at: index * step,
    label:
      index === 0 ? '0' : `${Number(((index * step) / unitBytes).toFixed(1))} ${BYTE_UNITS[exponent] ?? ''}`,
  }));
}

/** Midnights (UTC) from `fromUs` to `toUs`, whole weeks apart where days are too many; no more than `count` steps. */
export function dayTicks(fromUs: number, toUs: number, count = 4): readonly Tick[] {
  const stepUs = (DAY_STEPS.find((days) => (toUs - fromUs) / (days * DAY_US) <= count) ?? 1456) * DAY_US;
  const first = Math.ceil(fromUs / DAY_US) * DAY_US;
  const ticks = Math.max(0, Math.floor((toUs - first) / stepUs) + 1);
  return Array.from({length: ticks}, (_, index) => ({
    at: first + index * stepUs,
    label: dayLabel(first + index * stepUs),
  }));
}

/** `24 Nov` */
export function dayLabel(atUs: number): string {
  const [, month, day] = formatInstantUs(atUs).slice(0, 10).split('-').map(Number);
  return `${day ?? ''} ${MONTHS[(month ?? 1) - 1] ?? ''}`;
}
