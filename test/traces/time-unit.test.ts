import {describe, expect, it} from 'vitest';

import {InputError} from '../../src/lib/core/index.js';
import type {TimeUnit} from '../../src/lib/traces/reading/time-unit.js';
import {ingest} from './support.js';

/** 2019-12-31T16:02:24.360767Z in each unit. */
const INSTANT_US = 1_577_808_144_360_767;
const IN_UNITS: Readonly<Record<TimeUnit, string>> = {
  s: '1577808144',
  ms: '1577808144360',
  us: '1577808144360767',
  ns: '1577808144360767123',
  filetime: '132222817443607671',
};
const LINES: Readonly<Record<string, (time: string) => string>> = {
  alibaba: (time) => `419,W,0,4096,${time}`,
  msr: (time) => `${time},hm,1,Write,0,4096,8102`,
  'foreshadow-csv': (time) => `vol-7,${time},write,0,4096`,
  'cloudphysics-csv': (time) => `${time},0,8,2a,1`,
};
const OWN: Readonly<Record<string, TimeUnit>> = {msr: 'filetime'};
const cases = Object.keys(LINES).flatMap((format) =>
  (Object.keys(IN_UNITS) as TimeUnit[]).map((unit) => [format, unit] as const),
);

const volumeOf = (format: string): {volume?: string} => (format === 'cloudphysics-csv' ? {volume: 'w1'} : {});

describe('times since 1970', () => {
  it.each(cases)('of %s in %s are read exactly when --time-unit says so', async (format, unit) => {
    const {totals} = await ingest(`${LINES[format]!(IN_UNITS[unit])}\n`, {
      options: {format, ...volumeOf(format), readings: {timeUnit: unit}},
    });
    const resolutionUs = {s: 1_000_000, ms: 1000, us: 1, ns: 1, filetime: 1}[unit];
    expect(totals.firstUs).toBe(Math.floor(INSTANT_US / resolutionUs) * resolutionUs);
  });

  it.each(cases.filter(([format, unit]) => unit !== (OWN[format] ?? 'us')))(
    'of %s in %s are refused without it, both readings and the flag being named',
    async (format, unit) => {
      const error: unknown = await ingest(`${LINES[format]!(IN_UNITS[unit])}\n`, {
        options: volumeOf(format),
      }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InputError);
      const {code, message, hints} = error as InputError;
      expect(code).toBe('ambiguous-time');
      expect(message).toContain('since 1970 the first row is of 2019-12-31T16:02:24');
      expect(message).toContain("in the format's own unit");
      expect(hints[0]).toBe(`--time-unit ${unit}`);
    },
  );
});

describe('a unit in doubt', () => {
  const milliseconds = `${LINES.alibaba!(IN_UNITS.ms)}\n`;

  it('may be settled by saying that the times are relative', async () => {
    const {totals} = await ingest(milliseconds, {options: {startUs: INSTANT_US}});
    expect(totals.firstUs).toBe(INSTANT_US + Number(IN_UNITS.ms));
  });

  it('is told in one sentence', async () => {
    await expect(ingest(milliseconds)).rejects.toThrow(
      "-: the unit of the times is in doubt: in milliseconds since 1970 the first row is of 2019-12-31T16:02:24.36Z; in the format's own unit the first row is 1577808.14436 s after a start that the file does not tell",
    );
  });

  it('is not settled by a wrong unit', async () => {
    const told = ingest(milliseconds, {options: {readings: {timeUnit: 's'}}});
    await expect(told).rejects.toMatchObject({code: 'ambiguous-time', hints: ['--time-unit ms']});
  });

  it('does not arise where a few rows are wrong', async () => {
    const rows = Array.from({length: 9}, (_, row) => LINES.alibaba!(String(INSTANT_US + row)));
    const {totals} = await ingest(`${[LINES.alibaba!('5'), ...rows].join('\n')}\n`, {maxBadRows: 1});
    expect(totals).toMatchObject({rows: 9, rejectedRows: 1});
  });
});

it('fractions of a unit are kept to the microsecond', async () => {
  const {totals} = await ingest(`${LINES.alibaba!('1577808144.36076799')}\n`, {
    options: {readings: {timeUnit: 's'}},
  });
  expect(totals.firstUs).toBe(INSTANT_US);
});

it('a time that is not relative among those that are is a bad row', async () => {
  const rows = ['5', '6', IN_UNITS.us].map(LINES.alibaba!).join('\n');
  const {rejects} = await ingest(`${rows}\n`, {maxBadRows: 1, options: {startUs: INSTANT_US}});
  expect(rejects).toMatchObject([
    {line: 3, reason: 'time is not relative, as it should be: it is 2019-12-31T16:02:24.360767Z'},
  ]);
});
