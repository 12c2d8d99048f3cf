import {InputError} from '../core/index.js';
import {mostMatch} from './reading/trace-format.js';
import type {Sample} from './sample.js';

/** A log that is known, and lacks what a request needs: it is refused by name, with the reason. */
export interface RefusedFormat {
  readonly summary: string;
  /** What is missing. */
  readonly reason: string;
  /** What to record instead. */
  readonly instead: string;
  /** Whether an input that no format of TRACE_FORMATS fits begins like this. */
  fits(sample: Sample): boolean;
}

const QEMU_NBD = /^(?:\d+@\d+\.\d+:)?nbd_[a-z_]+ /;
const BIOSNOOP_BT = /^TIME\(ms\)\s+DISK\s+COMM\s+PID\s+LAT\(ms\)\s*$/;
const IOSNOOP_LATENCY = /^TIMEus\s+DELTAus\s*$/;
const ADDRESS = /^\s*(?:0x[\da-f]+|\d+)\s*$/i;

/** Every log that is refused, by the name that `--format` answers to with the reason. */
export const REFUSED_FORMATS: Readonly<Record<string, RefusedFormat>> = {
  'qemu-nbd': {
    summary: "qemu-nbd --trace 'nbd_*'",
    reason: 'its lines have no time, so that nothing can be told about when a volume grew',
    instead: 'record with nbdkit --filter=log, which tells time, offset and length of every request',
    fits: ({lines}) => mostMatch(lines, QEMU_NBD),
  },
  'biosnoop-bt': {
    summary: 'biosnoop.bt of bpftrace: TIME(ms) DISK COMM PID LAT(ms)',
    reason: 'it tells neither the size of a request nor whether it reads or writes',
    instead: 'record with biosnoop of bcc (--format biosnoop)',
    fits: ({lines}) => lines.some((line) => BIOSNOOP_BT.test(line)),
  },
  'iosnoop-latency': {
    summary: 'latencies of iosnoop: TIMEus DELTAus',
    reason: 'it tells neither offset nor size nor direction of a request',
    instead: 'record with biosnoop of bcc (--format biosnoop) or blktrace (--format blkparse)',
    fits: ({lines}) => lines.some((line) => IOSNOOP_LATENCY.test(line)),
  },
  'address-list': {
    summary: 'addresses, one a line',
    reason: 'it has addresses alone: no time, no direction, no size',
    instead: 'use the trace that the list was made from',
    fits: ({lines}) => mostMatch(lines, ADDRESS),
  },
  'oracle-general': {
    summary: 'oracleGeneral of libCacheSim, binary: u32 time, u64 object, u32 size, i64 next access',
    reason: 'it tells neither whether a request reads or writes nor which volume it is of',
    instead: 'use the trace that it was made from, such as vscsi (--format vscsi)',
    fits: ({bytes}) => isOracleGeneral(bytes),
  },
};

const ORACLE_BYTES = 24;
const PROBED_RECORDS = 50;
/** The other way to say that an object is not accessed again. */
const NEVER = 2n ** 63n - 1n;

/** Packed little-endian records whose times do not fall, with a size, and a next access behind them or none. */
function isOracleGeneral(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records = Math.min(PROBED_RECORDS, Math.floor(bytes.length / ORACLE_BYTES));
  let seconds = 0;
  for (let record = 0; record < records; record += 1) {
    const at = record * ORACLE_BYTES;
    const next = view.getBigInt64(at + 16, true);
    const isAccess = next === -1n || next === NEVER || (next > record && next < 2n ** 48n);
    if (!isAccess || view.getUint32(at, true) < seconds || view.getUint32(at + 12, true) === 0) return false;
    seconds = view.getUint32(at, true);
  }
  return records > 1;
}

/** The error for an input that is, or is said to be, a log of REFUSED_FORMATS. */
export function refusalOf(
  name: string,
  {summary, reason, instead}: RefusedFormat,
  source: string,
): InputError {
  return new InputError('refused-format', `${source} cannot be used: ${name} (${summary}): ${reason}`, {
    hints: [instead],
  });
}

/** Throws InputError with the reason when the input is a log that is known and refused. */
export function refuseKnown(sample: Sample, source: string): void {
  for (const [name, refused] of Object.entries(REFUSED_FORMATS)) {
    if (refused.fits(sample)) throw refusalOf(name, refused, source);
  }
}
