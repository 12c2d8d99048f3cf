import {floorToStepUs, formatInstantUs, UsageError} from '../core/index.js';

/** How much of a volume's life its medium can tell. */
export interface Medium {
  /** Single requests, or only usage samples. */
  readonly requests: boolean;
  /** Whether trims can be told: where not, the volume never shrinks, so that the trace tells the whole truth. */
  readonly trims: boolean;
}

/** What a synthetic cluster is to be like. The same spec gives the same cluster and the same requests everywhere. */
export interface ClusterSpec {
  readonly hosts: number;
  readonly racks: number;
  /** Power feeds; 0 for none. About a third of the hosts hang on one feed alone, the others on two. */
  readonly feeds: number;
  /** Network switches, across the racks; 0 for none. */
  readonly switches: number;
  readonly volumes: number;
  readonly startUs: number;
  readonly days: number;
  /** Requests in all, over the volumes whose medium has requests. */
  readonly requests: number;
  /** Share of the hosts' capacity that is used at the end. */
  readonly fillShare: number;
  /** Capacity of the typical host. When absent it follows from the requests, so that those have usual lengths. */
  readonly hostCapacityBytes?: number;
  /** Dealt to the volumes in turn. */
  readonly media: readonly Medium[];
  readonly seed: number;
}

/** Throws UsageError for a cluster that cannot be. */
export function checkClusterSpec(spec: ClusterSpec): void {
  const {hosts, racks, feeds, switches, volumes, days, requests, fillShare, startUs} = spec;
  atLeast('hosts', hosts, 2);
  atLeast('racks', racks, 2);
  atLeast('feeds', feeds, 0);
  atLeast('switches', switches, 0);
  atLeast('volumes', volumes, 1);
  atLeast('days', days, 1);
  atLeast('rows', requests, 0);
  const hourUs = floorToStepUs(startUs, 3600);
  if (hourUs !== startUs) refuse('the start is not on a whole hour', `--start ${formatInstantUs(hourUs)}`);
  if (racks > hosts) refuse(`${racks} racks need at least as many hosts, not ${hosts}`, `--hosts ${racks}`);
  if (feeds === 1) refuse('one feed would take all hosts with it', '--feeds 2, or --feeds 0 for none');
  if (switches === 1) refuse('one switch would take all hosts with it', '--switches 2, or 0 for none');
  if (feeds > hosts || switches > hosts) refuse('more feeds or switches than hosts', '--feeds 2');
  if (!(fillShare > 0 && fillShare <= 0.85)) refuse(`a fill of ${fillShare} cannot be placed`, '--fill 60%');
}

function atLeast(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    refuse(`${name} is ${value}, not a whole number from ${least}`, `--${name} ${Math.max(least, 2)}`);
  }
}

function refuse(message: string, hint: string): never {
  throw new UsageError('bad-cluster', message, {hints: [hint]});
}
