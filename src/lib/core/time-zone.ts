/** Turns the clock time of a place into UTC, and back. */
export interface TimeZone {
  /** As given: `UTC`, `+02:00`, `Europe/Berlin`. */
  readonly name: string;
  /**
   * Epoch us of a local time that is given as if it were UTC. Where clocks go back an hour is told twice: then the
   * first reading that is not before `notBeforeUs`. Where they go forward the hour that does not exist is read with
   * the offset before.
   */
  toUtcUs(localUs: number, notBeforeUs: number): number;
  /** How far clocks there are ahead of UTC at an instant, in us. */
  aheadUs(atUs: number): number;
}

const FIXED = /^(?:UTC|GMT|Z|([+-])(\d{2}):?(\d{2}))$/i;
const US_PER_MINUTE = 60_000_000;
const US_PER_DAY = 86_400_000_000;

/** A zone of the tz database, `UTC`, or a fixed offset such as `+02:00`; undefined when it is none of these. */
export function parseTimeZone(text: string): TimeZone | undefined {
  const fixed = FIXED.exec(text);
  if (fixed) {
    const [, sign, hours, minutes] = fixed;
    const offsetUs =
      (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * US_PER_MINUTE * (sign === '-' ? -1 : 1);
    return {name: text, toUtcUs: (localUs) => localUs - offsetUs, aheadUs: () => offsetUs};
  }
  try {
    return namedZone(text);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function namedZone(name: string): TimeZone {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsets = new Map<number, readonly number[]>();
  return {
    name,
    toUtcUs: (localUs, notBeforeUs) => {
      const quarter = Math.floor(localUs / (15 * US_PER_MINUTE));
      let known = offsets.get(quarter);
      if (known === undefined) {
        known = offsetsAt(clock, quarter * 15 * US_PER_MINUTE);
        offsets.set(quarter, known);
      }
      const readings = known.map((offsetUs) => localUs - offsetUs);
      return readings.find((atUs) => atUs >= notBeforeUs) ?? readings[0] ?? localUs;
    },
    aheadUs: (atUs) => offsetUsAt(clock, atUs),
  };
}

/** The offsets with which a local time can be read, the one that gives the earlier instant first. */
function offsetsAt(clock: Intl.DateTimeFormat, localUs: number): readonly number[] {
  const around = [offsetUsAt(clock, localUs - US_PER_DAY), offsetUsAt(clock, localUs + US_PER_DAY)];
  const valid = around.filter((offsetUs) => offsetUsAt(clock, localUs - offsetUs) === offsetUs);
  const distinct = [...new Set(valid.length > 0 ? valid : around.slice(0, 1))];
  return distinct.sort((left, right) => right - left);
}

/** What the clocks there were ahead of UTC at an instant, in us. */
function offsetUsAt(clock: Intl.DateTimeFormat, atUs: number): number {
  const wholeMs = Math.floor(atUs / 1_000_000) * 1000;
  const parts = new Map(clock.formatToParts(wholeMs).map(({type, value}) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const shownMs = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return (shownMs - wholeMs) * 1000;
}
