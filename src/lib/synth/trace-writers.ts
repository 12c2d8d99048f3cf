import {alibaba} from './trace-writers/alibaba.js';
import {cloudphysicsCsv} from './trace-writers/cloudphysics-csv.js';
import {foreshadowCsv} from './trace-writers/foreshadow-csv.js';
import {msr} from './trace-writers/msr.js';
import {nbdkitLog} from './trace-writers/nbdkit-log.js';
import type {TraceWriter} from './trace-writer.js';

/** The formats that synthetic requests can be written in. */
export const TRACE_WRITERS = {
  alibaba,
  msr,
  'cloudphysics-csv': cloudphysicsCsv,
  'nbdkit-log': nbdkitLog,
  'foreshadow-csv': foreshadowCsv,
} as const satisfies Record<string, TraceWriter>;

export type TraceWriterName = keyof typeof TRACE_WRITERS;
