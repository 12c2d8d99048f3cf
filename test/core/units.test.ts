import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {
  formatBytes,
  formatDurationRoughly,
  formatDurationSeconds,
  parseBytes,
  parseDurationSeconds,
  parseFlag,
  parseRate,
  parseShare,
  UsageError,
} from '../../src/lib/core/index.js';

describe('bytes', () => {
  it.each([
    ['7.68TB', 7_680_000_000_000],
    ['2TiB', 2_199_023_255_552],
    [' 300 gib ', 322_122_547_200],
    ['1e3', 1000],
    ['0', 0],
  ])('reads %s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(['', '-1', '-1GB', '4 bananas', '1.2.3GB', 'NaN', 'Infinity', '9007199254740993', '1 GB 2'])(
    'refuses "%s"',
    (text) => {
      expect(parseBytes(text)).toBeUndefined();
    },
  );

  it('reads back any whole number of bytes', () => {
    fc.assert(
      fc.property(
        fc.integer({min: 0, max: Number.MAX_SAFE_INTEGER}),
        (bytes) => parseBytes(String(bytes)) === bytes,
      ),
      {seed: 1},
    );
  });

  it('writes within half a percent of the value, whatever its size', () => {
    fc.assert(
      fc.property(fc.integer({min: 1, max: 2 ** 52}), (bytes) => {
        const readBack = parseBytes(formatBytes(bytes)) ?? 0;
        return Math.abs(readBack - bytes) <= 0.005 * bytes + 0.5;
      }),
      {seed: 1},
    );
    expect(formatBytes(-1536)).toBe('-1.50 KiB');
    expect(formatBytes(1_048_575)).toBe('1.00 MiB');
    expect(formatBytes(Number.NaN)).toBe('-');
  });
});

describe('durations', () => {
  it.each([
    ['90s', 90],
    ['15m', 900],
    ['1.5h', 5400],
    ['7d', 604_800],
    ['2w', 1_209_600],
  ])('reads %s', (text, seconds) => {
    expect(parseDurationSeconds(text)).toBe(seconds);
  });

  it.each(['', '0s', '-1h', '7', '1 fortnight'])('refuses "%s"', (text) => {
    expect(parseDurationSeconds(text)).toBeUndefined();
  });

  it('writes what it reads', () => {
    expect([90, 3600, 604_800, 86_401].map(formatDurationSeconds)).toEqual(['90s', '1h', '1w', '86401s']);
  });
});

describe('rates and rough durations', () => {
  it('reads bytes a second and refuses bits, nothing and what is no rate', () => {
    expect(['200MB/s', '1.5 GiB / s', '64kB', '1048576'].map(parseRate)).toEqual([
      2e8,
      1.5 * 2 ** 30,
      64e3,
      2 ** 20,
    ]);
    expect(['200Mb/s', '0MB/s', 'fast', '-1MB/s', '/s'].map(parseRate)).toEqual(Array(5).fill(undefined));
  });

  it('tells durations in two units', () => {
    expect([45, 60, 3599, 19_230, 277_200, 86_400 + 300, 864_000].map(formatDurationRoughly)).toEqual([
      '45s',
      '1m',
      '1h',
      '5h 21m',
      '3d 5h',
      '1d 5m',
      '10d',
    ]);
  });
});

describe('shares and flags', () => {
  it('reads 0.2 and 20% alike and nothing outside 0 to 1', () => {
    expect([
      parseShare('0.2'),
      parseShare('20%'),
      parseShare('120%'),
      parseShare(''),
      parseShare('%'),
    ]).toEqual([0.2, 0.2, undefined, undefined, undefined]);
  });

  it('names flag, value and an example when a flag cannot be read', () => {
    expect(() => parseFlag('horizon', 'soon', parseDurationSeconds, '7d')).toThrow(UsageError);
    expect(() => parseFlag('horizon', 'soon', parseDurationSeconds, '7d')).toThrow(
      '--horizon cannot be read: "soon"',
    );
  });
});
