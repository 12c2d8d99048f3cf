import {createHash} from 'node:crypto';

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {
  BLOCK_BYTES,
  type ClusterSpec,
  createCluster,
  streamCluster,
  type SynthFormat,
  TRACE_WRITERS,
  writeCluster,
} from '../../src/lib/synth/index.js';

const START_US = Date.UTC(2026, 0, 5) * 1000;
const HOUR_US = 3_600_000_000;

function spec(changes: Partial<ClusterSpec> = {}): ClusterSpec {
  return {
    hosts: 8,
    racks: 4,
    feeds: 2,
    switches: 0,
    volumes: 9,
    startUs: START_US,
    days: 4,
    requests: 10_000,
    fillShare: 0.6,
    media: [{requests: true, trims: true}],
    seed: 7,
    ...changes,
  };
}

/** All files of a cluster as text. */
function filesOf(formats: readonly SynthFormat[], changes: Partial<ClusterSpec> = {}): Map<string, string> {
  const media = formats.map((format) =>
    format === 'usage-csv'
      ? {requests: false, trims: true}
      : {requests: true, trims: TRACE_WRITERS[format].trims},
  );
  const cluster = createCluster(spec({...changes, media}));
  const files = new Map<string, string>();
  for (const {path, bytes} of writeCluster(
    cluster,
    {formats, withUsage: false, withTruth: true},
    new Float64Array(99),
  )) {
    files.set(path, (files.get(path) ?? '') + new TextDecoder('latin1').decode(bytes));
  }
  return files;
}

interface Seen {
  readonly volume: string;
  readonly atUs: number;
  readonly op: string;
  readonly offset: number;
  readonly length: number;
}

const lines = (text: string): string[] => text.trimEnd().split('\n');

/** Readers as plain as can be, to check the writers without the program's own readers. */
const PARSERS: Record<keyof typeof TRACE_WRITERS, (text: string, file: string) => Seen[]> = {
  alibaba: (text) =>
    lines(text).map((line) => {
      const [volume = '', op, offset, length, time] = line.split(',');
      return {volume, op: op === 'R' ? 'read' : 'write', ...numbers(time, offset, length)};
    }),
  msr: (text) =>
    lines(text).map((line) => {
      const [ticks = '', host = '', disk = '', type = '', offset, length] = line.split(',');
      const atUs = String((BigInt(ticks) - 116_444_736_000_000_000n) / 10n);
      return {volume: `${host}_${disk}`, op: type.toLowerCase(), ...numbers(atUs, offset, length)};
    }),
  'cloudphysics-csv': (text, file) =>
    lines(text)
      .slice(1)
      .map((line) => {
        const [, time, op, length, sector] = line.split(',');
        const at = numbers(`${time ?? ''}000000`, String(Number(sector) * 512), length);
        return {volume: file.replace(/^.*\/|\.csv$/g, ''), op: op === '28' ? 'read' : 'write', ...at};
      }),
  'nbdkit-log': (text) => {
    const volume = /export=(\S+)/.exec(text)?.[1] ?? '';
    return [...text.matchAll(/^(\S+) (\S+) connection=1 (\w+) id=\d+ offset=(\S+) count=(\S+)/gm)].map(
      ([, date = '', clock = '', op = '', offset, count]) => {
        const atUs = Date.parse(`${date}T${clock.slice(0, 8)}Z`) * 1000 + Number(clock.slice(9));
        return {volume, op: op.toLowerCase(), ...numbers(String(atUs), offset, count)};
      },
    );
  },
  'foreshadow-csv': (text) =>
    lines(text)
      .slice(1)
      .map((line) => {
        const [volume = '', time, op = '', offset, length] = line.split(',');
        return {volume, op, ...numbers(time, offset, length)};
      }),
};

function numbers(atUs = '', offset = '', length = ''): Pick<Seen, 'atUs' | 'offset' | 'length'> {
  return {atUs: Number(atUs), offset: Number(offset), length: Number(length)};
}

/** `volume@hour end -> bytes`, from a Set of blocks. */
function footprints(requests: readonly Seen[]): Map<string, number> {
  const blocks = new Map<string, Set<number>>();
  const found = new Map<string, number>();
  let hourEnd = START_US + HOUR_US;
  const closeHours = (untilUs: number): void => {
    for (; hourEnd <= untilUs; hourEnd += HOUR_US) {
      for (const [volume, set] of blocks) found.set(`${volume}@${hourEnd}`, set.size * BLOCK_BYTES);
    }
  };
  for (const {volume, atUs, op, offset, length} of requests) {
    closeHours(atUs);
    const set = blocks.get(volume) ?? new Set();
    blocks.set(volume, set);
    const end = offset + length;
    if (op === 'write') {
      for (let block = Math.floor(offset / BLOCK_BYTES); block * BLOCK_BYTES < end; block += 1)
        set.add(block);
    }
    if (op === 'trim') {
      for (let block = Math.ceil(offset / BLOCK_BYTES); (block + 1) * BLOCK_BYTES <= end; block += 1) {
        set.delete(block);
      }
    }
  }
  closeHours(START_US + 4 * 24 * HOUR_US);
  return found;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('requests of a synthetic cluster', () => {
  for (const format of Object.keys(TRACE_WRITERS) as (keyof typeof TRACE_WRITERS)[]) {
    it(`leave exactly the footprint that the truth file states, in ${format}`, () => {
      const files = filesOf([format]);
      const truth = lines(files.get('truth.csv') ?? '').slice(1);
      const traces = [...files].filter(([path]) => path.startsWith('traces/'));
      const requests = traces.flatMap(([path, text]) => PARSERS[format](text, path));
      expect(requests).toHaveLength(10_000);
      const found = footprints(requests.sort((left, right) => left.atUs - right.atUs));
      const told = truth.map((line) => {
        const [volume = '', time] = line.split(',');
        return `${volume},${time ?? ''},${found.get(`${volume}@${Number(time) + 1}`) ?? 0}`;
      });
      expect(told).toEqual(truth);
      expect(truth.length).toBeGreaterThan(9 * 48);
      expect(requests.some(({op}) => op === 'trim')).toBe(TRACE_WRITERS[format].trims);
    });
  }

  it('are told in order of time over all volumes, within the period', () => {
    let lastUs = START_US;
    let count = 0;
    for (const event of streamCluster(createCluster(spec()))) {
      if (event.kind === 'usage') continue;
      for (const atUs of event.batch.atUs.subarray(0, event.batch.count)) {
        if (atUs < lastUs || !Number.isInteger(atUs)) expect.fail(`${atUs} after ${lastUs}`);
        lastUs = atUs;
      }
      count += event.batch.count;
    }
    expect(count).toBe(10_000);
    expect(lastUs).toBeLessThan(START_US + 4 * 24 * HOUR_US);
  });

  it('are the same bytes on every machine', () => {
    const formats = [
      'alibaba',
      'msr',
      'cloudphysics-csv',
      'nbdkit-log',
      'foreshadow-csv',
      'usage-csv',
    ] as const;
    const files = filesOf(formats, {volumes: 12, switches: 3});
    const digest = sha256([...files].sort().flat().join('\n'));
    expect(digest).toBe('0288bcc1cf12b7a93896034d9ef6617e70424b6cb077a78e281f741224cfa36c');
    expect(filesOf(formats, {volumes: 12, switches: 3, seed: 8})).not.toEqual(files);
  });

  it('are made one batch at a time, however many there will be', () => {
    const huge = createCluster(spec({requests: 5e12, hostCapacityBytes: 1e15}));
    const [first] = streamCluster(huge);
    expect(first).toMatchObject({kind: 'requests', batch: {count: 8192}});
  });

  it('look like this', () => {
    const head = (format: SynthFormat, file: string): string[] =>
      lines(filesOf([format], {volumes: 1, requests: 2000, fillShare: 0.1}).get(file) ?? '').slice(0, 3);
    expect({
      alibaba: head('alibaba', 'traces/alibaba.csv'),
      msr: head('msr', 'traces/msr.csv'),
      cloudphysics: head('cloudphysics-csv', 'traces/db_0.csv'),
      nbdkit: head('nbdkit-log', 'traces/db_0.log'),
      foreshadow: head('foreshadow-csv', 'traces/foreshadow.csv'),
      usage: head('usage-csv', 'traces/usage.csv'),
    }).toMatchInlineSnapshot(`
      {
        "alibaba": [
          "db_0,R,0,4096,1767571201351847",
          "db_0,W,16777216,65536,1767571208857597",
          "db_0,W,16842752,131072,1767571213233659",
        ],
        "cloudphysics": [
          "version,time,op,size,lbn",
          "1,1767571201,28,4096,0",
          "1,1767571208,2a,65536,32768",
        ],
        "foreshadow": [
          "volume,time_us,op,offset,length",
          "db_0,1767571201351847,read,0,4096",
          "db_0,1767571208857597,write,16777216,65536",
        ],
        "msr": [
          "134120448013518470,db,0,Read,0,4096,902",
          "134120448088575970,db,0,Write,16777216,65536,2438",
          "134120448132336590,db,0,Write,16842752,131072,4076",
        ],
        "nbdkit": [
          "2026-01-05 00:00:01.350847 connection=1 Connect export=db_0 tls=0 size=0xd000000 write=1 flush=1 rotational=0 trim=1 zero=2 fua=2 extents=1 cache=2 fast_zero=1",
          "2026-01-05 00:00:01.351847 connection=1 Read id=1 offset=0x0 count=0x1000 ...",
          "2026-01-05 00:00:01.351947 connection=1 ...Read id=1 return=0",
        ],
        "usage": [
          "volume,time_us,used_bytes",
          "db_0,1767574799999999,1099610746880",
          "db_0,1767578399999999,1097425186816",
        ],
      }
    `);
  });
});

describe('a synthetic cluster', () => {
  it('keeps replicas in different racks, out of reach of any single feed or switch, within capacity', () => {
    const specs = fc.record({
      hosts: fc.integer({min: 8, max: 30}),
      racks: fc.integer({min: 3, max: 8}),
      feeds: fc.constantFrom(0, 2, 3),
      switches: fc.constantFrom(0, 3),
      volumes: fc.integer({min: 20, max: 40}),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(specs, (changes) => {
        const {hosts, hostCapacityBytes, volumes} = createCluster(spec({...changes, fillShare: 0.4}));
        const load = hosts.map(() => 0);
        for (const {profile, replicas, provisionedBytes} of volumes) {
          const places = replicas.map((host) => hosts[host]!);
          expect(new Set(places.map(({rack}) => rack)).size).toBe(profile.copies);
          for (const name of ['a', 'b', 'c']) {
            expect(places.every(({feeds}) => feeds.length === 1 && feeds[0] === name)).toBe(false);
          }
          if (changes.switches > 0)
            expect(new Set(places.map(({switchName}) => switchName)).size).toBeGreaterThan(1);
          for (const host of replicas) load[host]! += provisionedBytes / 1.5;
        }
        hosts.forEach(({id}, host) => {
          expect(load[host], id).toBeLessThan(hostCapacityBytes[host]!);
        });
      }),
      {numRuns: 40, seed: 1},
    );
  });

  it('is filled as asked, when the requests tell it and when only samples do', () => {
    for (const requests of [true, false]) {
      const cluster = createCluster(
        spec({requests: requests ? 40_000 : 0, media: [{requests, trims: true}]}),
      );
      const usage = [...streamCluster(cluster)].findLast((event) => event.kind === 'usage')!;
      const held = cluster.volumes.reduce(
        (sum, {replicas}, index) => sum + replicas.length * usage.usedBytes[index]!,
        0,
      );
      expect(held / cluster.hostCapacityBytes.reduce((sum, bytes) => sum + bytes, 0)).toBeCloseTo(0.6, 2);
    }
  });

  it('breathes with the day and the week, grows, and gets new volumes', () => {
    const cluster = createCluster(spec({volumes: 40, days: 56, requests: 200_000}));
    const byHourOfDay = new Float64Array(24);
    const byDayOfWeek = new Float64Array(7);
    const totals: number[] = [];
    let launched = 0;
    for (const event of streamCluster(cluster)) {
      if (event.kind === 'usage') {
        totals.push(event.usedBytes.reduce((sum, bytes) => sum + bytes, 0));
        launched = event.usedBytes.filter((bytes) => bytes > 0).length;
        if (totals.length === 24) expect(launched).toBeLessThan(40);
        continue;
      }
      for (const atUs of event.batch.atUs.subarray(0, event.batch.count)) {
        const hour = Math.floor((atUs - START_US) / HOUR_US);
        if (hour < 24) continue;
        byHourOfDay[hour % 24]! += 1;
        byDayOfWeek[Math.floor(hour / 24) % 7]! += 1;
      }
    }
    expect(launched).toBe(40);
    expect(byHourOfDay[10]).toBeGreaterThan(1.4 * byHourOfDay[5]!);
    expect(byDayOfWeek[2]).toBeGreaterThan(1.2 * byDayOfWeek[6]!);
    expect(totals.at(-1)).toBeGreaterThan(1.1 * totals[24]!);
  });

  it.each([
    [{racks: 9}, '9 racks need at least as many hosts, not 8'],
    [{feeds: 1}, 'one feed would take all hosts with it'],
    [{volumes: 0}, 'volumes is 0'],
    [{days: 1.5}, 'days is 1.5'],
    [{fillShare: 0.99}, 'a fill of 0.99 cannot be placed'],
    [{startUs: START_US + 1}, 'the start is not on a whole hour'],
    [{hostCapacityBytes: 1e15}, '10000 requests cannot write all the data'],
    [{hosts: 4, volumes: 1, fillShare: 0.8}, 'no place for'],
  ])('is refused with words for %o', (changes, words) => {
    expect(() => createCluster(spec(changes))).toThrow(words);
  });
});
