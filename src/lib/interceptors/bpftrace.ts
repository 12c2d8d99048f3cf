import {fileURLToPath} from 'node:url';

import {UsageError} from '../core/index.js';
import {type Interceptor, type InterceptorChoice, LOG_PATH} from './interceptor.js';

/** As many as the scripts compare with: each costs every request of the host a comparison. */
const MAX_DEVICES = 8;

const shared = {
  program: 'bpftrace',
  packages: ['bpftrace'],
  whyRoot: 'only root may load programs into the kernel',
  takes: 'devices',
  relativeTo: 'boot',
  // 2 MiB a processor instead of 256 KiB: requests come in bursts, and what finds no room is lost.
  environment: {BPFTRACE_PERF_RB_PAGES: '512'},
} as const;

export const bpftrace: Interceptor = {
  ...shared,
  summary: 'every request queued at block devices, by bpftrace in the kernel',
  example: 'foreshadow capture bpftrace --device sda',
  format: 'bpftrace',
  commandLine: (choice) => commandLineOf('block-requests.bt', choice),
};

export const bpftraceSums: Interceptor = {
  ...shared,
  summary: 'sums of each second by block device and op, kept in the kernel: cheap, without footprint',
  example: 'foreshadow capture bpftrace-sums --device sda',
  format: 'bpftrace-sums',
  commandLine: (choice) => commandLineOf('block-sums.bt', choice),
};

function commandLineOf(script: string, {deviceNumbers}: InterceptorChoice): readonly string[] {
  if (deviceNumbers.length > MAX_DEVICES)
    throw new UsageError('too-many-devices', `${deviceNumbers.length} devices are more than ${MAX_DEVICES}`, {
      hints: ['capture the rest by a second capture into a store of its own'],
    });
  const file = fileURLToPath(new URL(`../../../interceptors/bpftrace/${script}`, import.meta.url));
  return ['-o', LOG_PATH, file, ...deviceNumbers.map(String)];
}
