import {UsageError} from '../core/index.js';
import {type Interceptor, LOG_PATH} from './interceptor.js';

export const fio: Interceptor = {
  summary: 'every request that one job of fio makes, by its iolog; for test beds',
  program: 'fio',
  packages: ['fio'],
  takes: 'arguments',
  example:
    'foreshadow capture fio -- --name=load --filename=/dev/sdx --rw=randrw --bs=4k --runtime=60 --time_based',
  format: 'fio-iolog',
  relativeTo: 'start',
  commandLine: ({programArguments}) => {
    refuseSeveralJobs(programArguments);
    return [`--write_iolog=${LOG_PATH}`, ...programArguments];
  },
};

/** Each job writes an iolog of its own, and into one pipe they would tear each other's lines. */
function refuseSeveralJobs(programArguments: readonly string[]): void {
  const names = programArguments.filter((argument) => /^--?name(?:=|$)/.test(argument)).length;
  const clones = programArguments.find((argument) => /^--?numjobs=(?!1$)/.test(argument));
  if (names <= 1 && clones === undefined) return;
  throw new UsageError(
    'several-jobs',
    `fio is told ${clones ?? `${names} jobs`}, and one iolog holds one job`,
    {
      hints: ['capture one job, or several by bpftrace or nbdkit'],
    },
  );
}
