import {alibaba} from './formats/alibaba.js';
import {bitbrains} from './formats/bitbrains.js';
import {blktrace} from './formats/blktrace.js';
import {cloudphysicsCsv} from './formats/cloudphysics-csv.js';
import {foreshadowCsv} from './formats/foreshadow-csv.js';
import {msr} from './formats/msr.js';
import {nbdkitLog} from './formats/nbdkit-log.js';
import {openmetrics} from './formats/openmetrics.js';
import {prometheus} from './formats/prometheus.js';
import {tencentCvd} from './formats/tencent-cvd.js';
import {usageCsv} from './formats/usage-csv.js';
import {vscsi} from './formats/vscsi.js';
import {blkparse} from './formats/blkparse.js';
import {bpftrace} from './formats/bpftrace.js';
import {bpftraceSums} from './formats/bpftrace-sums.js';
import {disksim} from './formats/disksim.js';
import {ftrace} from './formats/ftrace.js';
import {tencentCbs} from './formats/tencent-cbs.js';
import {biosnoop} from './formats/biosnoop.js';
import {fioIolog} from './formats/fio-iolog.js';
import {fioLat} from './formats/fio-lat.js';
import {strace} from './formats/strace.js';
import type {TraceFormat} from './reading/trace-format.js';

/** Every log that can be read, by the name that `--format` takes. */
export const TRACE_FORMATS = {
  alibaba,
  msr,
  'tencent-cbs': tencentCbs,
  'cloudphysics-csv': cloudphysicsCsv,
  disksim,
  vscsi,
  blktrace,
  blkparse,
  ftrace,
  bpftrace,
  'bpftrace-sums': bpftraceSums,
  biosnoop,
  strace,
  'fio-iolog': fioIolog,
  'fio-lat': fioLat,
  'nbdkit-log': nbdkitLog,
  'foreshadow-csv': foreshadowCsv,
  'usage-csv': usageCsv,
  'tencent-cvd': tencentCvd,
  bitbrains,
  prometheus,
  openmetrics,
} as const satisfies Record<string, TraceFormat>;
