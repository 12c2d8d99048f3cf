import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {floorToStepUs, formatInstantUs, parseInstantUs} from '../../src/lib/core/index.js';

describe('instants', () => {
  it.each([
    ['1970-01-01', 0],
    ['1970-01-01T00:00:01Z', 1_000_000],
    ['1970-01-01 01:00:00.000001+01:00', 1],
    ['2026-11-23T00:00:00-0100', 1_795_395_600_000_000],
  ])('reads %s', (text, atUs) => {
    expect(parseInstantUs(text)).toBe(atUs);
  });

  it.each(['2026-02-30', '2026-13-01', 'tomorrow', '', '2026-11-23T25:00:00Z', '1795395600'])(
    'refuses "%s"',
    (text) => {
      expect(parseInstantUs(text)).toBeUndefined();
    },
  );

  it('reads back every microsecond it writes', () => {
    fc.assert(
      fc.property(fc.integer({min: 0, max: 4_102_444_800_000_000}), (atUs) => {
        expect(parseInstantUs(formatInstantUs(atUs))).toBe(atUs);
      }),
      {seed: 1},
    );
  });

  it('floors to steps counted from the epoch, also before it', () => {
    expect(floorToStepUs(3_599_999_999, 3600)).toBe(0);
    expect(floorToStepUs(3_600_000_000, 3600)).toBe(3_600_000_000);
    expect(floorToStepUs(-1, 60)).toBe(-60_000_000);
  });
});
