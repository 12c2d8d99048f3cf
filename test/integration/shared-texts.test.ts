import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';

import {describe, expect, it} from 'vitest';

import {BEGIN_US, createMemorySink, ingest, minutesOf} from '../traces/support.js';

/** Recordings that may not be copied into the project: beside it, or where FORESHADOW_SHARED_DATA says. */
const DATA = process.env.FORESHADOW_SHARED_DATA ?? path.join(import.meta.dirname, '../../../shared/data');
const TRACES = path.join(DATA, 'traces');
const isThere = existsSync(TRACES);
if (!isThere) console.log(`skipped: the shared recordings are not at ${DATA} (FORESHADOW_SHARED_DATA)`);

const SECTOR = 512;
const BLOCK = 4096;

interface Request {
  readonly volume: string;
  readonly op: 'read' | 'write' | 'trim' | 'flush';
  readonly offset: number;
  readonly length: number;
}

/** Sums by volume: rows, reads, writes, trims, bytes read and written, and the bytes of distinct blocks written. */
type Sums = Readonly<Record<string, readonly number[]>>;

/** A few lines that read a log without anything of the program under test: undefined for what is no request. */
interface Script {
  readonly pattern: RegExp;
  readonly request: (match: readonly string[]) => Request | undefined;
}

const opOf = (letters: string): Request['op'] | undefined =>
  letters.startsWith('D')
    ? 'trim'
    : letters.includes('W')
      ? 'write'
      : letters.includes('R')
        ? 'read'
        : undefined;

function sectors(volume: string, letters: string, sector: string, bytes: number): Request | undefined {
  const isFlush = letters.startsWith('F') && bytes === 0;
  const op = isFlush ? 'flush' : opOf(letters);
  return op && {volume, op, offset: SECTOR * Number(sector), length: bytes};
}

const blkparse = (action: string): Script => ({
  pattern: /^\s*(\d+,\d+)\s+\d+\s+\d+\s+[\d.]+\s+\d+\s+([A-Z]+)\s+([A-Z]+)(?: (\d+) \+ (\d+))?/,
  request: ([, device = '', event, letters = '', sector = '0', count = '0']) =>
    event === action ? sectors(device, letters, sector, SECTOR * Number(count)) : undefined,
});

const disksim: Script = {
  pattern: /^(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+([01])$/,
  request: ([, , device = '', sector = '', count, isRead]) =>
    sectors(device, isRead === '1' ? 'R' : 'W', sector, SECTOR * Number(count)),
};

const fioLat: Script = {
  pattern: /^\d+, \d+, ([01]), (\d+), (\d+), \d+$/,
  request: ([, direction, length, offset]) => ({
    volume: 'v',
    op: direction === '0' ? 'read' : 'write',
    offset: Number(offset),
    length: Number(length),
  }),
};

/** The files, with how many rows of each are rejected, and why. */
const SCRIPTS: Readonly<Record<string, Script & {readonly rejected?: readonly [number, RegExp]}>> = {
  'biosnoop-example.txt': {
    pattern: /^\d+\.\d+\s+\S+\s+\d+\s+(\S+)\s+([RW])\s+(\d+)\s+(\d+)\s+[\d.]/,
    request: ([, disk = '', op = '', sector = '', bytes]) => sectors(disk, op, sector, Number(bytes)),
  },
  'blkparse-header-remap.txt': blkparse('Q'),
  'blkparse-nvme-java.txt': blkparse('Q'),
  'blkparse-leveldb.txt': {
    ...blkparse('C'),
    rejected: [196, /^time is not relative, as it should be: it is 2010-/],
  },
  'disksim-ascii-example.trace': disksim,
  'mqsim-tpcc-small.trace': disksim,
  'mqsim-wsrch-small.trace': disksim,
  'own/bpftrace_block_rq_issue.log': {
    pattern: /^\d+ .* (\d+) ([A-Z]+) (\d+) (\d+)$/,
    request: ([, device, letters = '', sector = '', bytes]) =>
      sectors(`${Number(device) >>> 20},${Number(device) & 0xf_ffff}`, letters, sector, Number(bytes)),
  },
  'own/fio_clat.1.log': fioLat,
  'own/fio_lat.1.log': fioLat,
  'own/fio_write_iolog.log': {
    pattern: /^\d+ (\S+) (read|write) (\d+) (\d+)$/,
    request: ([, volume = '', op, offset, length]) => ({
      volume,
      op: op === 'read' ? 'read' : 'write',
      offset: Number(offset),
      length: Number(length),
    }),
  },
  'own/ftrace_block.txt': {
    pattern: /: block_rq_complete: (\d+,\d+) ([A-Z]+) \([^)]*\) (\d+) \+ (\d+)/,
    request: ([, device = '', letters = '', sector = '', count]) =>
      sectors(device, letters, sector, SECTOR * Number(count)),
  },
  'own/strace_pread_pwrite.log': {
    pattern: /^\d+ [\d.]+ p(read|write)64\((\d+), .*, (\d+)\) = (\d+) </,
    request: ([, call, descriptor = '', offset, length]) => ({
      volume: `fd-${descriptor}`,
      op: call === 'read' ? 'read' : 'write',
      offset: Number(offset),
      length: Number(length),
    }),
  },
};

const NBDKIT = /connection=(\d+) (\.\.\.)?(Read|Write|Trim|Zero|Flush) id=(\d+)(.*)/;

/** The requests of nbdkit's log that succeeded, by connection and id. */
function nbdkitRequests(text: string): readonly Request[] {
  const lines = text.split('\n').flatMap((line) => {
    const [, connection = '', isEnd, action = '', id = '', rest = ''] = NBDKIT.exec(line) ?? [];
    return action === '' ? [] : [{key: `${connection} ${id}`, isBegin: isEnd === undefined, action, rest}];
  });
  const begun = new Map(lines.filter(({isBegin}) => isBegin).map((line) => [line.key, line]));
  return lines
    .filter(({isBegin, rest}) => !isBegin && rest.includes('return=0'))
    .map(({key}) => {
      const {action, rest} = begun.get(key)!;
      const [, offset = '0', count = '0'] = /offset=(0x[0-9a-f]+) count=(0x[0-9a-f]+)/.exec(rest) ?? [];
      return {volume: 'v', op: nbdkitOp(action, rest), offset: Number(offset), length: Number(count)};
    });
}

function nbdkitOp(action: string, rest: string): Request['op'] {
  if (action === 'Zero') return zeroOp(rest);
  return ({Read: 'read', Write: 'write', Trim: 'trim'} as const)[action] ?? 'flush';
}

/** What was zeroed may be given back, or not. */
function zeroOp(rest: string): Request['op'] {
  return rest.includes('trim=1') ? 'trim' : 'write';
}

function sumsOf(requests: readonly Request[]): Sums {
  const sums = new Map<string, number[]>();
  const blocks = new Map<string, Set<number>>();
  for (const {volume, op, offset, length} of requests) {
    const numbers = sums.get(volume) ?? sums.set(volume, [0, 0, 0, 0, 0, 0]).get(volume)!;
    const marked = blocks.get(volume) ?? blocks.set(volume, new Set()).get(volume)!;
    if (op === 'read') addTo(numbers, [1, 0, 0, length, 0]);
    if (op === 'trim') addTo(numbers, [0, 0, 1, 0, 0]);
    if (op === 'write') addTo(numbers, [0, 1, 0, 0, length]);
    const [first, last] = [offset / BLOCK, (offset + length) / BLOCK];
    if (op === 'write') for (let block = Math.floor(first); block < last; block += 1) marked.add(block);
    if (op === 'trim') for (let block = Math.ceil(first); block + 1 <= last; block += 1) marked.delete(block);
    numbers[5] = BLOCK * marked.size;
  }
  return Object.fromEntries([...sums].filter(([, numbers]) => numbers.some((number) => number > 0)));
}

function addTo(numbers: number[], more: readonly number[]): void {
  more.forEach((number, place) => {
    numbers[place]! += number;
  });
}

async function read(
  file: string,
): Promise<{readonly sums: Sums; readonly lines: readonly number[]; readonly reasons: readonly string[]}> {
  const store = createMemorySink();
  const paths = [path.join(TRACES, file)];
  const isClocked = /nbdkit|strace/.test(file);
  const isNameless = /nbdkit|fio_c?lat/.test(file);
  const {rejects} = await ingest('', {
    paths,
    store,
    maxBadRows: 1_000_000,
    options: {...(isClocked ? {} : {startUs: BEGIN_US}), ...(isNameless ? {volume: 'v'} : {})},
  });
  const sums = new Map<string, number[]>();
  for (const minute of store.batches.flatMap(({rows}) => minutesOf(rows))) {
    const {volume, reads, writes, trims, readBytes, writeBytes, growthBytes} = minute;
    const numbers = sums.get(volume) ?? sums.set(volume, [0, 0, 0, 0, 0, 0]).get(volume)!;
    addTo(numbers, [reads, writes, trims, readBytes, writeBytes, growthBytes]);
  }
  return {
    sums: Object.fromEntries(sums),
    lines: rejects.map(({line}) => line),
    reasons: rejects.map(({reason}) => reason),
  };
}

describe.runIf(isThere)('the sums of a shared recording are those of a few lines of script', () => {
  it.each(Object.keys(SCRIPTS))('%s', async (file) => {
    const {pattern, request, rejected: [count, why] = [0, /^$/]} = SCRIPTS[file]!;
    const {sums, lines, reasons} = await read(file);
    expect(reasons.filter((reason) => why.test(reason))).toHaveLength(count);
    expect(lines).toHaveLength(count);
    const left = readFileSync(path.join(TRACES, file), 'latin1').split('\n');
    for (const line of lines) left[line - 1] = '';
    const requests = left.flatMap((line) => {
      const match = pattern.exec(line);
      const found = match && request(match);
      return found ? [found] : [];
    });
    expect(requests.length).toBeGreaterThan(10);
    expect(sums).toEqual(sumsOf(requests));
  });

  it.each(['own/nbdkit_log_filter.log', 'own/nbdkit_log_filter_ops.log'])('%s', async (file) => {
    const requests = nbdkitRequests(readFileSync(path.join(TRACES, file), 'latin1'));
    expect(requests.length).toBeGreaterThan(4);
    expect((await read(file)).sums).toEqual(sumsOf(requests));
  });

  it.each([
    ['iosnoop-latency.txt', 'it tells neither offset nor size nor direction of a request'],
    ['own/qemu_nbd_trace.log', 'its lines have no time'],
  ])('%s cannot be used, and the reason is told', async (file, reason) => {
    await expect(read(file)).rejects.toThrow(reason);
  });

  it('and there is no recording that is not looked at', () => {
    const all = readdirSync(TRACES, {recursive: true, withFileTypes: true}).filter((entry) => entry.isFile());
    const names = all.map(({parentPath, name}) => path.relative(TRACES, path.join(parentPath, name)));
    const elsewhere = [
      'cloudphysics-sample.csv.gz',
      'cloudphysics-sample.vscsi.gz',
      'blktrace-binary.blktrace.0',
    ];
    const here = [...Object.keys(SCRIPTS), 'own/nbdkit_log_filter.log', 'own/nbdkit_log_filter_ops.log'];
    const refused = ['iosnoop-latency.txt', 'own/qemu_nbd_trace.log'];
    expect(names.sort()).toEqual([...elsewhere, ...here, ...refused].sort());
  });
});
