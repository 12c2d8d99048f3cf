import {describe, expect, it} from 'vitest';

import {parsePolicySettings} from '../../src/flags.js';
import {
  backtestCoverage,
  type CoverageInput,
  compileTopology,
  predictUse,
  refuseUnknownLevels,
} from '../../src/lib/allocation/index.js';
import {createRandom, type Series} from '../../src/lib/core/index.js';
import {SETTINGS} from './plan-support.js';
import {topologyOf} from './random-topology.js';

const tiers = topologyOf({
  hosts: [
    {id: 'a', capacity: 10_000, tier: 'ssd', labels: {rack: ['r1'], feed: ['x']}},
    {id: 'b', capacity: 10_000, tier: 'ssd', labels: {rack: ['r2'], feed: ['y']}},
    {id: 'c', capacity: 10_000, tier: 'hdd', labels: {rack: ['r1'], feed: ['y']}},
    {id: 'd', capacity: 10_000, tier: 'hdd', labels: {rack: ['r3'], feed: ['x']}},
  ],
  boundaries: [{kind: 'rack'}, {kind: 'feed'}],
  scenarios: [{id: 'both', fails: ['rack/r2', 'feed/x']}],
  hostBoundaries: false,
  volumes: [
    {id: 'fast', replicas: ['a', 'b'], tier: 'ssd', used: 100},
    {id: 'slow', replicas: ['c', 'd'], tier: 'hdd', used: 100},
  ],
});

/** A thousand futures in which both volumes hold 1 to 1000. */
const forecast = {
  point: Float64Array.from([500, 500]),
  samples: Array.from({length: 1000}, (_, index) => Float64Array.from([index + 1, index + 1])),
};

function factors(levels: Readonly<Record<string, number>>): Record<string, number> {
  const {scenarioFactor} = predictUse(compileTopology(tiers), forecast, {level: 0.5, levels});
  return Object.fromEntries(
    tiers.scenarios.map(({id}, index) => [id, Number(scenarioFactor[index]!.toFixed(2))]),
  );
}

describe('levels by boundary kind and tier', () => {
  it('raises the scenarios of a kind, and combinations that the kind is part of', () => {
    expect(factors({})).toMatchObject({'rack/r1': 1, 'rack/r2': 1, 'feed/x': 1, both: 1});
    expect(factors({rack: 0.9})).toMatchObject({'rack/r1': 1.8, 'rack/r3': 1.8, 'feed/x': 1, both: 1.8});
  });

  it('raises the scenarios that take volumes of a tier, and never lowers one by it', () => {
    // r2 holds the ssd volume alone, r3 the hdd volume alone, r1 both.
    expect(factors({'tier:ssd': 0.9})).toMatchObject({'rack/r1': 1.8, 'rack/r2': 1.8, 'rack/r3': 1});
    expect(factors({rack: 0.9, 'tier:ssd': 0.1})).toMatchObject({'rack/r2': 1.8, 'rack/r3': 1.8});
  });

  it('reckons the use of hosts at the highest level, since any scenario may need their room', () => {
    const {hostUsedBytes} = predictUse(compileTopology(tiers), forecast, {level: 0.5, levels: {feed: 0.9}});
    expect([...hostUsedBytes]).toEqual([901, 901, 901, 901]);
  });

  it('takes the median times a fixed factor, for demands and for the use of hosts', () => {
    const use = predictUse(compileTopology(tiers), forecast, {level: 0.5, fixedFactor: 1.3});
    expect([...use.scenarioFactor].every((factor) => factor === 1.3)).toBe(true);
    expect([...use.hostUsedBytes]).toEqual([650, 650, 650, 650]);
  });

  it('takes other factors by kind and tier, the highest for the use of hosts', () => {
    const fixedFactors = {rack: 1.5, 'tier:ssd': 1.4, feed: 1.1};
    const use = predictUse(compileTopology(tiers), forecast, {level: 0.5, fixedFactor: 1.3, fixedFactors});
    const byScenario = tiers.scenarios.map(({id}, index) => [id, use.scenarioFactor[index]] as const);
    // Feed x loses copies of both tiers, feed y too; the combination fails a rack.
    expect(Object.fromEntries(byScenario)).toEqual({
      ...{'rack/r1': 1.5, 'rack/r2': 1.5, 'rack/r3': 1.5, 'feed/x': 1.4, 'feed/y': 1.4, both: 1.5},
    });
    expect([...use.hostUsedBytes]).toEqual([750, 750, 750, 750]);
  });

  it('asks for no less at a higher level', () => {
    let before = 0;
    for (const rack of [0.5, 0.8, 0.95, 0.99, 0.999]) {
      const factor = factors({rack})['rack/r1']!;
      expect(factor).toBeGreaterThanOrEqual(before);
      before = factor;
    }
  });

  it('refuses names that are no kind and no tier', () => {
    expect(() => {
      refuseUnknownLevels(tiers, {levels: {rack: 0.9, 'tier:hdd': 0.9}});
    }).not.toThrow();
    expect(() => {
      refuseUnknownLevels(tiers, {levels: {'tier:sdd': 0.9}});
    }).toThrow('--level names "tier:sdd", which is no boundary kind and no tier');
    expect(() => {
      refuseUnknownLevels(tiers, {fixedFactor: 1, fixedFactors: {rak: 2}});
    }).toThrow('--fixed-factor names "rak"');
    const costs = {short: 2, idle: 1, named: {rak: {short: 3, idle: 1}}};
    expect(() => {
      refuseUnknownLevels(tiers, {levels: {rak: 0.75}, costs});
    }).toThrow('--cost-short or --cost-idle names "rak"');
  });
});

describe('the flags', () => {
  const parse = (flags: Partial<Parameters<typeof parsePolicySettings>[0]>): unknown =>
    parsePolicySettings({
      ...{level: undefined, 'cost-short': undefined, 'cost-idle': undefined, 'fixed-factor': undefined},
      ...{'safety-factor': '1.2', 'static-share': '20%'},
      ...flags,
    });

  it('make a level of costs, and name others by kind and tier', () => {
    expect(parse({})).toEqual(SETTINGS);
    expect(parse({level: '95%'})).toMatchObject({level: 0.95});
    expect(parse({level: 'rack=0.999, 0.9,tier:ssd=99%'})).toMatchObject({
      level: 0.9,
      levels: {rack: 0.999, 'tier:ssd': 0.99},
    });
    expect(parse({'cost-short': '19', 'cost-idle': '1', level: 'rack=0.99'})).toMatchObject({
      level: 0.95,
      levels: {rack: 0.99},
      costs: {short: 19, idle: 1},
    });
    expect(parse({'fixed-factor': '1.3'})).toEqual({...SETTINGS, fixedFactor: 1.3});
    expect(parse({'fixed-factor': 'rack=1.5, 1.3,tier:ssd=1.4'})).toEqual({
      ...{...SETTINGS, fixedFactor: 1.3, fixedFactors: {rack: 1.5, 'tier:ssd': 1.4}},
    });
  });

  it('make levels by kind and tier of costs; a cost that is not named is that of all', () => {
    const named = {rack: {short: 99, idle: 1}, 'tier:ssd': {short: 19, idle: 9}, feed: {short: 4, idle: 2}};
    expect(
      parse({'cost-short': '19,rack=99,feed=4', 'cost-idle': '1,tier:ssd=9,feed=2', level: 'pdu=0.9'}),
    ).toEqual({
      ...SETTINGS,
      level: 0.95,
      levels: {pdu: 0.9, rack: 0.99, 'tier:ssd': 19 / 28, feed: 2 / 3},
      costs: {short: 19, idle: 1, named},
    });
  });

  it.each([
    {'fixed-factor': 'rack=1.5'},
    {'cost-short': 'rack=1.5', 'cost-idle': '1'},
    {'cost-short': '2', 'cost-idle': 'rack=1'},
  ])('refuse %o, which leaves open what counts for the others', (flags) => {
    expect(() => parse(flags)).toThrow(/says nothing of what it does not name/);
  });

  it.each(['0', '-1', '1.3,1.4', 'rack=1,rack=2', '1,rack=x'])('refuse --fixed-factor %s', (factor) => {
    expect(() => parse({'fixed-factor': factor})).toThrow(/--fixed-factor cannot be read/);
  });

  it.each(['1', '0', '0.9,0.8', 'rack=0.9,rack=0.8', 'rack=', 'rack=2', '=0.9'])(
    'refuse --level %s',
    (level) => {
      expect(() => parse({level})).toThrow(/--level cannot be read/);
    },
  );

  it('refuse a level beside costs', () => {
    expect(() => parse({level: '0.9', 'cost-short': '2', 'cost-idle': '1'})).toThrow(
      /--level names the level that/,
    );
    expect(() => parse({level: 'rack=0.9', 'cost-short': '2,rack=3', 'cost-idle': '1'})).toThrow(
      /--level names the level of rack that/,
    );
  });
});

describe('backtestCoverage', () => {
  const steps = 600;
  const random = createRandom('coverage');
  const series = ['fast', 'slow'].map((id): Series => ({
    ...{id, startUs: 0, stepSeconds: 3600},
    values: Float64Array.from({length: steps}, () => 1000 + 100 * random.next()),
  }));
  const usage = {
    series,
    volumes: Int32Array.from([0, 1]),
    usedBytes: Float64Array.from([1000, 1000]),
    warnings: [],
  };
  const heldSteps = Array.from({length: 100}, (_, origin) => 4 * (origin + 1));
  const input = (forecastAt: CoverageInput['forecastAt'], level = 0.9): CoverageInput => ({
    ...{topology: tiers, usage, settings: {level}, heldSteps, compareSteps: 4, forecastAt},
  });
  const peaksAfter = (held: number): Float64Array =>
    Float64Array.from(series, ({values}) => Math.max(...values.slice(steps - held, steps - held + 4)));

  it('keeps all when the peaks that come are known, by kind, and none when far too little is foreseen', async () => {
    const known = await backtestCoverage(
      input((held) => Promise.resolve({point: peaksAfter(held), samples: [peaksAfter(held)]})),
    );
    expect(known).toEqual([
      {kind: 'rack', level: 0.9, kept: 300, of: 300, worstShortBytes: 0},
      {kind: 'feed', level: 0.9, kept: 200, of: 200, worstShortBytes: 0},
      {kind: 'combined', level: 0.9, kept: 100, of: 100, worstShortBytes: 0},
    ]);
    const little = Float64Array.from([1, 1]);
    const [rack] = await backtestCoverage(input(() => Promise.resolve({point: little, samples: []})));
    // No forecast counts for less than what is held now: what is short is what grew since.
    expect(rack!.kept).toBeLessThan(rack!.of / 2);
    expect(rack!.worstShortBytes).toBeGreaterThan(10);
    expect(rack!.worstShortBytes).toBeLessThan(200);
  });

  it('has a row for each level or factor of a kind', async () => {
    const known: CoverageInput['forecastAt'] = (held) =>
      Promise.resolve({point: peaksAfter(held), samples: [peaksAfter(held)]});
    const rowsWith = async (settings: CoverageInput['settings']): Promise<unknown> =>
      (await backtestCoverage({...input(known), settings})).map(({kind, level, factor, kept, of}) => [
        ...[kind, level, factor, kept, of],
      ]);
    // Rack r3 takes no copy of a volume of tier ssd, the combination all of them.
    expect(await rowsWith({level: 0.9, levels: {'tier:ssd': 0.99}})).toEqual([
      ['rack', 0.99, undefined, 200, 200],
      ['rack', 0.9, undefined, 100, 100],
      ['feed', 0.99, undefined, 200, 200],
      ['combined', 0.9, undefined, 100, 100],
    ]);
    expect(await rowsWith({level: 0.9, fixedFactor: 1, fixedFactors: {rack: 1.2, feed: 0.9}})).toEqual([
      ['rack', undefined, 1.2, 300, 300],
      ['feed', undefined, 0.9, 0, 200],
      ['combined', undefined, 1.2, 100, 100],
    ]);
  });

  it('comes close to what is promised when what is foreseen is drawn from the truth', async () => {
    const samples = heldSteps.map(peaksAfter);
    const point = Float64Array.from([1080, 1080]);
    const [rack] = await backtestCoverage(input(() => Promise.resolve({point, samples}), 0.8));
    expect(rack!.kept / rack!.of).toBeGreaterThan(0.7);
    expect(rack!.kept / rack!.of).toBeLessThan(0.92);
  });
});
