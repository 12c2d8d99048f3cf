import {Flags} from '@oclif/core';

import {GRANULARITY_SECONDS, type Granularity} from './lib/core/index.js';

/** Flags that mean the same in every command that has them (flag > FORESHADOW_* > default). */
export const storeFlag = Flags.string({
  summary: 'folder of the shadow store',
  env: 'FORESHADOW_STORE',
  default: 'foreshadow-store',
  helpValue: 'DIR',
});

export const topologyFlag = Flags.string({
  summary: 'YAML file, or folder of CSV tables, with hosts, risk boundaries and volumes',
  env: 'FORESHADOW_TOPOLOGY',
  helpValue: 'PATH',
});

export const targetFlag = Flags.string({
  summary: 'storage API that holds the buffers, as kind:place',
  env: 'FORESHADOW_TARGET',
  helpValue: 'file:PATH',
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
