import {Flags} from '@oclif/core';

import {parseFlag, UsageError} from './lib/core/index.js';
import type {ReplayPrices} from './lib/replay/index.js';
import type {ReplayPoliciesOptions} from './lib/workflows/replay-policies.js';

const BYTES_PER_TB = 1e12;

/** Which failures happen in a replay, and what it costs. */
export const failureFlags = {
  failures: Flags.option({
    options: ['every', 'random'] as const,
    summary: 'every scenario at every step, or random ones at the rates that --rate tells',
    default: 'every' as const,
  })(),
  rate: Flags.string({
    summary:
      'failures a year of each scenario, and of others by scenario, boundary or kind: 0.2,rack=0.5,rack/r7=2',
    helpValue: 'NUMBER,...',
  }),
  draws: Flags.integer({
    summary: 'how many courses of fate are drawn (1000); the same ones for all policies',
    min: 2,
    helpValue: 'N',
  }),
  'price-held': Flags.string({
    summary: 'what it costs to hold a TB (1e12 bytes) free for an hour',
    dependsOn: ['price-stuck'],
    helpValue: 'NUMBER',
  }),
  'price-stuck': Flags.string({
    summary: 'what it costs, in the same unit, each time that a TB finds no place',
    dependsOn: ['price-held'],
    helpValue: 'NUMBER',
  }),
};

const DEFAULT_DRAWS = 1000;

/** What --failures, --rate and --draws tell. Throws UsageError that names the flag. */
export function parseFailures(flags: {
  readonly failures: 'every' | 'random';
  readonly rate: string | undefined;
  readonly draws: number | undefined;
}): ReplayPoliciesOptions['failures'] {
  const {failures, rate, draws} = flags;
  if (failures === 'every') {
    const flag = rate === undefined ? 'draws' : 'rate';
    if (rate === undefined && draws === undefined) return undefined;
    throw new UsageError('needs-random', `--${flag} is for random failures`, {hints: ['--failures random']});
  }
  if (rate === undefined) {
    throw new UsageError('no-rate', '--failures random needs to know how often', {
      hints: ['--rate 0.2, or by boundary kind --rate rack=0.1,feed=0.5'],
    });
  }
  return {...parseFlag('rate', rate, parseRates, '0.2,rack=0.5'), drawCount: draws ?? DEFAULT_DRAWS};
}

/** What --price-held and --price-stuck tell, by the byte. Throws UsageError that names the flag. */
export function parsePrices(flags: {
  readonly 'price-held': string | undefined;
  readonly 'price-stuck': string | undefined;
}): ReplayPrices | undefined {
  const {'price-held': held, 'price-stuck': stuck} = flags;
  if (held === undefined || stuck === undefined) return undefined;
  return {
    heldByteHour: parseFlag('price-held', held, parseAmount, '0.03') / BYTES_PER_TB,
    stuckByte: parseFlag('price-stuck', stuck, parseAmount, '500') / BYTES_PER_TB,
  };
}

/** `0.2,rack=0.5`; scenarios that nothing names have the number without a name, or never happen. */
function parseRates(
  text: string,
): {readonly perYear: number; readonly named: Readonly<Record<string, number>>} | undefined {
  const named: Record<string, number> = {};
  let perYear: number | undefined;
  for (const part of text.split(',')) {
    const at = part.lastIndexOf('=');
    const name = part.slice(0, Math.max(0, at)).trim();
    const value = parseAmount(part.slice(at + 1));
    if (value === undefined || at === 0 || (at > 0 && name === '')) return undefined;
    if (at < 0 ? perYear !== undefined : name in named) return undefined;
    if (at < 0) perYear = value;
    else named[name] = value;
  }
  return {perYear: perYear ?? 0, named};
}

function parseAmount(text: string): number | undefined {
  const amount = text.trim() === '' ? Number.NaN : Number(text);
  return amount >= 0 && Number.isFinite(amount) ? amount : undefined;
}
