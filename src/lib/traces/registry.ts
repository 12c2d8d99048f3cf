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
import type {TraceFormat} from './reading/trace-format.js';

/** Every log that can be read, by the name that `--format` takes. */
export const TRACE_FORMATS = {
  alibaba,
  msr,
  'cloudphysics-csv': cloudphysicsCsv,
  vscsi,
  blktrace,
  'nbdkit-log': nbdkitLog,
  'foreshadow-csv': foreshadowCsv,
  'usage-csv': usageCsv,
  'tencent-cvd': tencentCvd,
  bitbrains,
  prometheus,
  openmetrics,
} as const satisfies Record<string, TraceFormat>;
