/**
 * Times are UTC epoch microseconds in a plain number, named `…AtUs`, `…Us`: exact up to 2^53 us, the year 2255.
 * ISO 8601 with a `Z` only at the edges.
 */
export const US_PER_SECOND = 1_000_000;

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * Epoch microseconds of an ISO 8601 date or date-time; without a zone it is UTC. Undefined when it is not one
 * (`2026-02-30` is not).
 */
export function parseInstantUs(text: string): number | undefined {
  const [, date, clock, fraction, zone] = ISO.exec(text.trim()) ?? [];
  if (date === undefined) return undefined;
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  if (!Number.isFinite(midnightMs) || new Date(midnightMs).toISOString().slice(0, 10) !== date)
    return undefined;
  const offset = zone === undefined ? 'Z' : zone.toUpperCase().replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  const ms = Date.parse(`${date}T${clock ?? '00:00'}${offset}`);
  return Number.isFinite(ms) ? ms * 1000 + Number((fraction ?? '.').slice(1, 7).padEnd(6, '0')) : undefined;
}

/** `2026-11-23T01:02:03Z`; fractions only where there are any. */
export function formatInstantUs(atUs: number): string {
  const wholeSeconds = Math.floor(atUs / US_PER_SECOND);
  const restUs = Math.round(atUs - wholeSeconds * US_PER_SECOND);
  const text = new Date(wholeSeconds * 1000).toISOString().slice(0, 19);
  const fraction = restUs === 0 ? '' : `.${String(restUs).padStart(6, '0').replace(/0+$/, '')}`;
  return `${text}${fraction}Z`;
}

/** The start of the step that `atUs` lies in; steps are counted from the epoch. */
export function floorToStepUs(atUs: number, stepSeconds: number): number {
  const stepUs = stepSeconds * US_PER_SECOND;
  return Math.floor(atUs / stepUs) * stepUs;
}
