import type {TimeZone} from '../../core/index.js';
import {BYTE, type RowCursor} from './row-cursor.js';

/** Reads local times at the beginning of lines. */
export interface LocalClock {
  /** Takes `2026-11-22 08:24:11.449055 ` off the cursor: epoch us, or NaN when it does not stand there. */
  take(cursor: RowCursor): number;
}

const PATTERN = '0000-00-00 00:00:00.000000 ';
const US_PER_MINUTE = 60_000_000;
/** Lines of several threads may be a little out of order when clocks go back. */
const SLACK_US = 5 * US_PER_MINUTE;

/** A clock that remembers the last minute, which most lines share, and when it was. */
export function createLocalClock(zone: TimeZone): LocalClock {
  let minuteKey = Number.NaN;
  let minuteUs = Number.NEGATIVE_INFINITY;
  return {
    take: (cursor) => {
      const {bytes, at} = cursor;
      if (!fitsPattern(bytes, at)) return Number.NaN;
      const two = (place: number): number =>
        ((bytes[at + place] ?? 0) - BYTE.zero) * 10 + (bytes[at + place + 1] ?? 0) - BYTE.zero;
      if (two(17) > 60) return Number.NaN;
      const date = (two(0) * 100 + two(2)) * 10_000 + two(5) * 100 + two(8);
      const key = date * 10_000 + two(11) * 100 + two(14);
      if (key !== minuteKey) {
        const localUs = minuteOf(date, two(11), two(14));
        if (Number.isNaN(localUs)) return Number.NaN;
        minuteUs = zone.toUtcUs(localUs, minuteUs - SLACK_US);
        minuteKey = key;
      }
      cursor.at = at + PATTERN.length;
      return minuteUs + two(17) * 1_000_000 + two(20) * 10_000 + two(22) * 100 + two(24);
    },
  };
}

function fitsPattern(bytes: Uint8Array, at: number): boolean {
  for (let place = 0; place < PATTERN.length; place += 1) {
    const wanted = PATTERN.charCodeAt(place);
    const byte = bytes[at + place] ?? 0;
    if (wanted === BYTE.zero ? byte < BYTE.zero || byte > BYTE.zero + 9 : byte !== wanted) return false;
  }
  return true;
}

/** Us of a minute of YYYYMMDD as if it were UTC; NaN for a day or time that does not exist. */
function minuteOf(date: number, hour: number, minute: number): number {
  const day = date % 100;
  const month = Math.floor(date / 100) % 100;
  const midnight = new Date(Date.UTC(Math.floor(date / 10_000), month - 1, day));
  if (midnight.getUTCDate() !== day || midnight.getUTCMonth() !== month - 1 || hour > 23 || minute > 59) {
    return Number.NaN;
  }
  return midnight.getTime() * 1000 + (hour * 60 + minute) * US_PER_MINUTE;
}
