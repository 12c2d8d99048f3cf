import {Flags} from '@oclif/core';

import type {PolicySettings, ShrinkRules} from './lib/allocation/index.js';
import {
  parseBytes,
  GRANULARITY_SECONDS,
  type Granularity,
  parseDurationSeconds,
  parseFlag,
  parseRate,
  parseShare,
  UsageError,
} from './lib/core/index.js';
import type {Shard} from './lib/forecasting/index.js';
import type {Metric} from './lib/shadow-store/index.js';
import {tellStoreAccess} from './store-access.js';
import type {PlanHorizon} from './lib/workflows/foresee-over-horizon.js';
import type {PlanModel} from './lib/workflows/foresee-usage.js';
import {parseFactor, parseSafety, safetyFlags, type SafetyTexts} from './safety-flags.js';

/** Flags that mean the same in every command that has them (flag > FORESHADOW_* > default). */
export const storeFlag = Flags.string({
  summary: 'folder of the shadow store, or clickhouse://SERVER[:PORT][,SERVER...]/DATABASE[?tls]',
  env: 'FORESHADOW_STORE',
  default: 'foreshadow-store',
  helpValue: 'DIR|URL',
  parse: tellStoreAccess,
});

/** Whose volumes a writer of a store in ClickHouse writes. */
export const shardFlag = Flags.string({
  summary:
    'ingest shard, of stores in ClickHouse (main): writers at the same time have one each, with volumes of its own',
  env: 'FORESHADOW_SHARD',
  helpValue: 'NAME',
});

/** How long compact and prune leave files that are no longer part of the store. */
export const keepOldFlag = Flags.string({
  summary: 'how long old files stay for readers that opened the store before',
  default: '10m',
  helpValue: 'DURATION',
});

export const topologyFlag = Flags.string({
  summary: 'YAML file, or folder of CSV tables, with hosts, risk boundaries and volumes',
  env: 'FORESHADOW_TOPOLOGY',
  helpValue: 'PATH',
});

export const targetFlag = Flags.string({
  summary: 'storage API that holds the buffers, as kind:place, such as file:buffers.json',
  env: 'FORESHADOW_TARGET',
  helpValue: 'KIND:PLACE',
});

export const granularityFlag = Flags.option({
  options: Object.keys(GRANULARITY_SECONDS) as Granularity[],
  summary: 'length of a step',
  env: 'FORESHADOW_GRANULARITY',
  default: 'hourly' as Granularity,
})();

export const seedFlag = Flags.integer({
  summary: 'seed of everything random: the same seed gives the same result',
  env: 'FORESHADOW_SEED',
  default: 1,
});

export const asOfFlag = Flags.string({
  summary: 'pretend that it is this time (ISO 8601): later data are not looked at',
  env: 'FORESHADOW_AS_OF',
  helpValue: 'TIME',
});

/** The literal is here because the store's own list would load the store with every command. */
const METRIC_NAMES = [
  'used-bytes',
  'write-bytes',
  'read-bytes',
  'writes',
  'reads',
] as const satisfies readonly Metric[];

export const metricFlag = Flags.option({
  options: METRIC_NAMES,
  summary: 'what of a volume is looked at: a level (used-bytes) or sums a step (the others)',
  default: 'used-bytes',
})();

export const volumeFlag = Flags.string({
  summary: 'only this volume; may be repeated',
  multiple: true,
  multipleNonGreedy: true,
  helpValue: 'NAME',
});

/** What forecasting reads from the store, and how. */
export const historyFlags = {
  store: storeFlag,
  granularity: granularityFlag,
  metric: metricFlag,
  volume: volumeFlag,
  seed: seedFlag,
  'as-of': asOfFlag,
};

export const modelThreadsFlag = Flags.integer({
  summary:
    'how many threads fit and predict, instead of as many as there are cores for more than some series',
  min: 1,
  helpValue: 'N',
});

export const anomaliesFlag = Flags.string({
  summary:
    'what "patterns anomalies --out" wrote: the model does not learn from those stretches nor repeats them; its errors count them',
  helpValue: 'FILE',
});

export const levelsFlag = Flags.string({
  summary: 'levels of the quantiles, each between 0 and 1',
  default: '0.1,0.5,0.9',
  helpValue: 'A,B,...',
});

/** Levels of a text such as `0.1,0.5,0.9`, each once; undefined when one is not within (0, 1). */
export function parseLevels(text: string): readonly number[] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  const levels = parts.map((part) => (part === '' ? Number.NaN : Number(part)));
  return levels.every((level) => level > 0 && level < 1) ? [...new Set(levels)] : undefined;
}

/** A shard of a text such as `2/8`; undefined when it is none. */
export function parseShard(text: string): Shard | undefined {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text)?.map(Number) ?? [];
  if (index === undefined || count === undefined) return undefined;
  return index >= 1 && index <= count ? {index, count} : undefined;
}

/** Where trained models are kept. */
export const modelsDirFlag = Flags.string({
  summary: 'folder of trained models (beside the store, by its name and -models)',
  env: 'FORESHADOW_MODELS_DIR',
  helpValue: 'DIR',
});

export const modelFileFlag = Flags.string({
  summary:
    'what train wrote: a file; or in --models-dir: latest, a model (its latest), or the beginning of a name',
  exclusive: ['model'],
  helpValue: 'FILE|NAME',
});

/** A model to foresee with: fitted now, or from a file. */
export const modelFlags = {
  model: Flags.string({
    summary: 'model to fit now (seasonal-naive)',
    exclusive: ['model-file'],
    helpValue: 'NAME',
  }),
  'model-file': modelFileFlag,
  'models-dir': modelsDirFlag,
};

/** The model that they name; `isGiven`: whether somebody wrote the granularity. */
export function parsePlanModel(
  flags: {
    readonly model: string | undefined;
    readonly 'model-file': string | undefined;
    readonly 'models-dir': string | undefined;
    readonly granularity: Granularity;
  },
  isGiven: boolean,
): PlanModel {
  const {granularity, 'model-file': name, 'models-dir': modelsFolder} = flags;
  if (name === undefined) return {kind: 'fit', model: flags.model ?? 'seasonal-naive', granularity};
  const metric = 'used-bytes';
  const asked = {metric, ...(isGiven && {granularity})} as const;
  return {kind: 'file', choice: {name, modelsFolder, granularity, metric, asked}};
}

/** How long a buffer must suffice. */
export const horizonFlags = {
  horizon: Flags.string({
    summary: 'how long it must suffice (7d); or what that is made of, by the next three',
    exclusive: ['lead', 'review', 'recovery-rate'],
    helpValue: 'DURATION',
  }),
  lead: Flags.string({
    summary: 'from a decision until the space can be had',
    dependsOn: ['review'],
    helpValue: 'DURATION',
  }),
  review: Flags.string({
    summary: 'from this plan until the next',
    dependsOn: ['lead'],
    helpValue: 'DURATION',
  }),
  'recovery-rate': Flags.string({
    summary:
      'what one host takes while it re-creates replicas, beside what it serves (recoveryRate of the topology): the time of the longest repair is added to lead and review',
    dependsOn: ['lead', 'review'],
    helpValue: 'BYTES/S',
  }),
};

/** The horizon that they tell. Throws UsageError that names the flag. */
export function parseHorizon(flags: {
  readonly horizon: string | undefined;
  readonly lead: string | undefined;
  readonly review: string | undefined;
  readonly 'recovery-rate': string | undefined;
}): PlanHorizon {
  const {horizon = '7d', lead, review, 'recovery-rate': rate} = flags;
  if (lead === undefined || review === undefined)
    return {seconds: parseFlag('horizon', horizon, parseDurationSeconds, '7d')};
  return {
    leadSeconds: parseFlag('lead', lead, parseLeadSeconds, '6h'),
    reviewSeconds: parseFlag('review', review, parseDurationSeconds, '24h'),
    recoveryBytesPerSecond:
      rate === undefined ? undefined : parseFlag('recovery-rate', rate, parseRate, '200MB/s'),
  };
}

/** A duration that may be nothing. */
export function parseLeadSeconds(text: string): number | undefined {
  return /^0+\s*[a-z]*$/i.test(text.trim()) ? 0 : parseDurationSeconds(text);
}

/** What policies are told beside the forecast. */
export const policySettingFlags = {
  ...safetyFlags,
  'most-per-host': Flags.string({
    summary: 'hold no more than this on any host',
    helpValue: 'SIZE',
  }),
  floor: Flags.string({
    summary: 'hold at least so much on the hosts of a boundary, whatever the scenarios need (shared)',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'BOUNDARY=SIZE',
  }),
  'tier-cost': Flags.string({
    summary:
      'what a byte held costs in a tier, beside 1: the least cost is looked for, not the least total (shared)',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'TIER=NUMBER',
  }),
  'safety-factor': Flags.string({summary: 'for the rules that multiply', default: '1.2'}),
  'static-share': Flags.string({summary: "share of every host's capacity that static holds", default: '20%'}),
};

/** Whether volumes that are yet to come count. */
export const launchesFlag = Flags.boolean({
  summary:
    'reckon with volumes that are yet to come, as many and as large as came in the past (shared, without --fixed-factor)',
  default: true,
  allowNo: true,
});

/** Whether sudden growth is a term of its own. */
export const suddenGrowthFlag = Flags.boolean({
  summary:
    'reckon with sudden growth that any volume may have, as often and as large as the history had it, beside usual errors',
  default: false,
  allowNo: true,
});

interface PolicySettingTexts extends SafetyTexts {
  readonly 'most-per-host'?: string | undefined;
  readonly floor?: readonly string[] | undefined;
  readonly 'tier-cost'?: readonly string[] | undefined;
  readonly 'safety-factor': string;
  readonly 'static-share': string;
}

/** Their values. Throws UsageError that names the flag. */
export function parsePolicySettings(flags: PolicySettingTexts): PolicySettings {
  return {
    ...parseSafety(flags),
    ...parseRules(flags),
    safetyFactor: parseFlag('safety-factor', flags['safety-factor'], parseFactor, '1.2'),
    staticShare: parseFlag('static-share', flags['static-share'], parseShare, '20%'),
  };
}

function parseRules(flags: PolicySettingTexts): Pick<PolicySettings, 'rules'> {
  const {'most-per-host': most, floor, 'tier-cost': tierCost} = flags;
  if ([most, floor, tierCost].every((told) => told === undefined)) return {};
  return {
    rules: {
      ...(most !== undefined && {mostPerHostBytes: parseFlag('most-per-host', most, parseBytes, '200GiB')}),
      ...(floor !== undefined && {floorBytes: parseNamed('floor', floor, parseBytes, 'rack1=500GiB')}),
      ...(tierCost !== undefined && {tierCost: parseNamed('tier-cost', tierCost, parseFactor, 'ssd=4')}),
    },
  };
}

/** `NAME=VALUE` texts; the name is everything before the last `=`. */
function parseNamed(
  flag: string,
  texts: readonly string[],
  parse: (text: string) => number | undefined,
  example: string,
): Readonly<Record<string, number>> {
  const entries = texts.map((text) => {
    const at = text.lastIndexOf('=');
    const value = at < 1 ? undefined : parse(text.slice(at + 1));
    return [text.slice(0, at), parseFlag(flag, text, () => value, example)] as const;
  });
  return Object.fromEntries(entries);
}

/** How fast buffers may be given back. */
export const shrinkFlags = {
  'shrink-dead-band': Flags.string({
    summary: 'a host that would give back no more than this share of what it holds keeps it (0%)',
    helpValue: 'SHARE',
  }),
  'shrink-step': Flags.string({
    summary: 'give back at most this share of what a host holds at one time (100%)',
    helpValue: 'SHARE',
  }),
  'shrink-cool-down': Flags.string({
    summary: 'give nothing back of a host that was changed less than this ago',
    helpValue: 'DURATION',
  }),
};

/** The rules they make; undefined when none was given. Throws UsageError that names the flag. */
export function parseShrinkRules(flags: {
  readonly 'shrink-dead-band': string | undefined;
  readonly 'shrink-step': string | undefined;
  readonly 'shrink-cool-down': string | undefined;
}): ShrinkRules | undefined {
  const {'shrink-dead-band': deadBand, 'shrink-step': step, 'shrink-cool-down': coolDown} = flags;
  if ([deadBand, step, coolDown].every((text) => text === undefined)) return undefined;
  return {
    deadBandShare: parseFlag('shrink-dead-band', deadBand ?? '0%', parseShare, '5%'),
    stepShare: parseFlag('shrink-step', step ?? '100%', parseShare, '25%'),
    coolDownSeconds:
      coolDown === undefined ? 0 : parseFlag('shrink-cool-down', coolDown, parseDurationSeconds, '3d'),
  };
}

/** What stands before the names of volumes. */
export const volumePrefixFlag = Flags.string({
  summary: 'put before the name of every volume: devices are called alike on every host, such as 8,0 or vda',
  helpValue: 'TEXT',
});

/** Other names for volumes. */
export const volumeNamesFlag = Flags.string({
  summary: 'CSV file with name,volume: what volumes are called, by the names that the log has for them',
  helpValue: 'FILE',
});

/** The prefix as an option of reading. Throws UsageError when it is empty. */
export function parseVolumePrefix(volumePrefix: string | undefined): {readonly volumePrefix?: string} {
  if (volumePrefix === undefined) return {};
  if (volumePrefix !== '') return {volumePrefix};
  throw new UsageError('bad-flag-value', '--volume-prefix is empty', {
    hints: ['write it like --volume-prefix host-a/, or leave it out'],
  });
}

/** The path that topologyFlag tells. Throws UsageError when it was not given. */
export function needTopology(path: string | undefined): string {
  if (path !== undefined) return path;
  throw new UsageError('no-topology', 'a topology is needed', {hints: ['--topology cluster.yaml']});
}
