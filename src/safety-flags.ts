import {Flags} from '@oclif/core';

import type {CostPair, SafetySettings} from './lib/allocation/index.js';
import {parseFlag, parseShare, UsageError} from './lib/core/index.js';

/** How safe a buffer is to be: by a level, by costs, or by a fixed factor, each tailored by boundary kind and tier. */
export const safetyFlags = {
  level: Flags.string({
    summary:
      'share of cases in which the buffer must suffice (0.99); others by boundary kind and tier: 0.99,rack=0.999,tier:ssd=0.995',
    helpValue: 'SHARE,...',
  }),
  'cost-short': Flags.string({
    summary:
      'what a byte too few costs; with --cost-idle it makes the level; others by boundary kind and tier: 20,rack=100,tier:ssd=50',
    dependsOn: ['cost-idle'],
    helpValue: 'NUMBER,...',
  }),
  'cost-idle': Flags.string({
    summary: 'what a byte held too many costs, in the same unit; others by name, as there',
    dependsOn: ['cost-short'],
    helpValue: 'NUMBER,...',
  }),
  'fixed-factor': Flags.string({
    summary:
      'reckon with the median forecast times this, whatever the level; others by boundary kind and tier: 1.3,rack=1.5,tier:ssd=1.4',
    exclusive: ['level', 'cost-short'],
    helpValue: 'FACTOR,...',
  }),
};

/** Their texts. */
export interface SafetyTexts {
  readonly level: string | undefined;
  readonly 'cost-short': string | undefined;
  readonly 'cost-idle': string | undefined;
  readonly 'fixed-factor': string | undefined;
}

type Named<T> = Readonly<Record<string, T>>;

/** A value, and others by name. */
interface Tailored {
  readonly plain: number | undefined;
  readonly named: Named<number>;
}

const DEFAULT_LEVEL = 0.99;

/**
 * The level, from --level or from costs, and those of single kinds and tiers; with a fixed factor that and the default
 * level. Throws UsageError that names the flag.
 */
export function parseSafety(
  flags: SafetyTexts,
): Pick<SafetySettings, 'level' | 'levels' | 'costs' | 'fixedFactor' | 'fixedFactors'> {
  const {level: stated, 'fixed-factor': factor} = flags;
  if (factor !== undefined) {
    const {plain, named} = needPlain('fixed-factor', factor, '1.3,rack=1.5');
    return {level: DEFAULT_LEVEL, fixedFactor: plain, ...unlessEmpty('fixedFactors', named)};
  }
  const levels = parseFlag(
    'level',
    stated ?? '',
    tailoredBy(parseInnerShare),
    '0.99,rack=0.999,tier:ssd=0.995',
  );
  const costs = parseCosts(flags);
  if (costs === undefined)
    return {level: levels.plain ?? DEFAULT_LEVEL, ...unlessEmpty('levels', levels.named)};
  const {named: ofCosts = {}, ...all} = costs;
  refuseTwoLevels(levels, ofCosts);
  const byCosts = Object.entries(ofCosts).map(([name, pair]) => [name, levelOfCosts(pair)] as const);
  return {
    level: levelOfCosts(all),
    ...unlessEmpty('levels', {...levels.named, ...Object.fromEntries(byCosts)}),
    costs,
  };
}

/** A cost that is not named for a kind or tier is that of all. */
function parseCosts({'cost-short': short, 'cost-idle': idle}: SafetyTexts): SafetySettings['costs'] {
  if (short === undefined || idle === undefined) return undefined;
  const shorts = needPlain('cost-short', short, '20,rack=100');
  const idles = needPlain('cost-idle', idle, '1,rack=2');
  const names = [...new Set([...Object.keys(shorts.named), ...Object.keys(idles.named)])];
  const pairs = names.map((name): [string, CostPair] => [
    name,
    {short: shorts.named[name] ?? shorts.plain, idle: idles.named[name] ?? idles.plain},
  ]);
  return {short: shorts.plain, idle: idles.plain, ...unlessEmpty('named', Object.fromEntries(pairs))};
}

function refuseTwoLevels({plain, named}: Tailored, ofCosts: Named<CostPair>): void {
  const twice = Object.keys(named).find((name) => ofCosts[name] !== undefined);
  if (plain === undefined && twice === undefined) return;
  const which = twice === undefined ? 'the level' : `the level of ${twice}`;
  const leave = twice === undefined ? 'the level without a name' : `${twice}=`;
  throw new UsageError('two-levels', `--level names ${which} that the costs are to make`, {
    hints: [`leave out ${leave} in --level, or in --cost-short and --cost-idle`],
  });
}

/** Positive numbers, of which one must be without a name. */
function needPlain(
  flag: string,
  text: string,
  example: string,
): {readonly plain: number; readonly named: Named<number>} {
  const {plain, named} = parseFlag(flag, text, tailoredBy(parseFactor), example);
  if (plain !== undefined) return {plain, named};
  throw new UsageError('bad-flag-value', `--${flag} ${text} says nothing of what it does not name`, {
    hints: [`--${flag} ${example}: a number without a name counts for the others`],
  });
}

/** Of `0.99,rack=0.999`; undefined when a part cannot be read or is there twice. */
function tailoredBy(parse: (text: string) => number | undefined): (text: string) => Tailored | undefined {
  return (text) => {
    const named = new Map<string, number>();
    let plain: number | undefined;
    for (const part of text.split(',').filter((one) => one.trim() !== '')) {
      const [, name, value = ''] = /^(?:([^=]+)=)?([^=]+)$/.exec(part.trim()) ?? [];
      const number = parse(value);
      const isTwice = name === undefined ? plain !== undefined : named.has(name.trim());
      if (number === undefined || isTwice) return undefined;
      if (name === undefined) plain = number;
      else named.set(name.trim(), number);
    }
    return {plain, named: Object.fromEntries(named)};
  };
}

/** The level at which the mean cost is least: that of a newsvendor (Arrow, Harris and Marschak 1951). */
function levelOfCosts({short, idle}: CostPair): number {
  return short / (short + idle);
}

function unlessEmpty<K extends string, T>(key: K, values: Named<T>): Partial<Record<K, Named<T>>> {
  const held: Partial<Record<K, Named<T>>> = {};
  if (Object.keys(values).length > 0) held[key] = values;
  return held;
}

function parseInnerShare(text: string): number | undefined {
  const share = parseShare(text);
  return share === undefined || share === 0 || share === 1 ? undefined : share;
}

/** A positive number; undefined when it is none. */
export function parseFactor(text: string): number | undefined {
  const factor = text.trim() === '' ? Number.NaN : Number(text);
  return factor > 0 && Number.isFinite(factor) ? factor : undefined;
}
