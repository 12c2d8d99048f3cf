import {describe, expect, it} from 'vitest';

import {createRandom, mean, nearestName, quantile} from '../../src/lib/core/index.js';

describe('random', () => {
  it('gives the same numbers for the same seed, on every machine', () => {
    const random = createRandom(42);
    expect([random.next(), random.next(), random.below(1000)]).toMatchInlineSnapshot(`
      [
        0.6026507148053497,
        0.767392183188349,
        818,
      ]
    `);
  });

  it('goes on from a state that it told', () => {
    const random = createRandom('a');
    for (let draw = 0; draw < 5; draw += 1) random.next();
    const resumed = createRandom('a', random.state());
    expect([resumed.next(), resumed.below(1000), resumed.fork('b').next()]).toEqual([
      ...[random.next(), random.below(1000), random.fork('b').next()],
    ]);
  });

  it('forks independently of what was drawn before', () => {
    const fresh = createRandom(1).fork('volumes').next();
    const used = createRandom(1);
    used.next();
    expect(used.fork('volumes').next()).toBe(fresh);
    expect(used.fork('hosts').next()).not.toBe(fresh);
  });

  it('has the moments and quantiles of the distributions it claims', () => {
    const random = createRandom(7);
    const normals = Float64Array.from({length: 100_000}, () => random.normal());
    const uniforms = Float64Array.from({length: 100_000}, () => random.next());
    // Standard error of each figure is below 0.005: the bounds are four of them.
    expect(mean(normals)).toBeCloseTo(0, 1);
    expect(Math.abs(quantile(normals, 0.975) - 1.96)).toBeLessThan(0.05);
    expect(Math.abs(mean(uniforms) - 0.5)).toBeLessThan(0.004);
    expect(Math.abs(quantile(uniforms, 0.9) - 0.9)).toBeLessThan(0.004);
  });
});

describe('quantile', () => {
  it('interpolates like type 7 of Hyndman and Fan', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([4, 1, 3, 2], 0)).toBe(1);
    expect(quantile([4, 1, 3, 2], 1)).toBe(4);
    expect(quantile([10], 0.3)).toBe(10);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('nearest name', () => {
  it('finds what a typing error meant and nothing far off', () => {
    expect(nearestName('seasonal-niave', ['ets', 'seasonal-naive', 'lstm'])).toBe('seasonal-naive');
    expect(nearestName('Host-1', ['host-1', 'host-2'])).toBe('host-1');
    expect(nearestName('prophet', ['ets', 'lstm'])).toBeUndefined();
  });
});
