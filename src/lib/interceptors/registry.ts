import {nearestName, UsageError} from '../core/index.js';
import {bpftrace, bpftraceSums} from './bpftrace.js';
import {fio} from './fio.js';
import type {Interceptor} from './interceptor.js';
import {nbdkit} from './nbdkit.js';

/** Everything that `capture` can run, by the name that it takes. */
export const INTERCEPTORS = {
  nbdkit,
  bpftrace,
  'bpftrace-sums': bpftraceSums,
  fio,
} as const satisfies Record<string, Interceptor>;

/** The interceptor of a name. Throws UsageError that lists the names there are. */
export function findInterceptor(name: string): Interceptor {
  const found = Object.entries(INTERCEPTORS).find(([other]) => other === name)?.[1];
  if (found !== undefined) return found;
  const nearest = nearestName(name, Object.keys(INTERCEPTORS));
  throw new UsageError('no-interceptor', `there is no interceptor "${name}"`, {
    hints: [
      ...(nearest === undefined ? [] : [`foreshadow capture ${nearest}`]),
      `there are ${Object.keys(INTERCEPTORS).join(', ')}`,
    ],
  });
}
