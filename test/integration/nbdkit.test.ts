import {execFile} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import {gunzipSync} from 'node:zlib';
import {afterAll, describe, expect, it} from 'vitest';

import {installPackages} from '../support/debian-packages.js';
import {runForeshadow} from '../support/run-foreshadow.js';

const RECORDER = path.join(import.meta.dirname, '..', '..', 'interceptors', 'nbdkit', 'record-fio.sh');
const missing = installPackages(['nbdkit', 'fio'], ['nbdkit', 'fio']);
if (missing !== undefined) console.warn(`skipped: a log of nbdkit: ${missing}`);
const folder = mkdtempSync(path.join(tmpdir(), 'foreshadow-nbdkit-'));

afterAll(() => {
  rmSync(folder, {recursive: true});
});

describe.skipIf(missing !== undefined)('a log that nbdkit writes now', () => {
  it('is ingested to the sums that a few independent lines find in it', async () => {
    const log = path.join(folder, 'bench-fio.log.gz');
    // At the recorder's usual 1 % a run as short as this may be without a failed write.
    await promisify(execFile)(RECORDER, [log, '120', '10%']);
    const truth = sumLog(gunzipSync(readFileSync(log)).toString('utf8'));
    const store = path.join(folder, 'store');
    const ingest = await runForeshadow(['ingest', log, '--store', store, '--json']);
    expect(ingest.exitCode).toBe(0);
    const exported = await runForeshadow(['store', 'export', '--store', store, '--granularity', 'hourly']);
    const [header = '', ...rows] = exported.stdout.trim().split('\n');
    const columns = header.split(',');
    const total = (column: string): number =>
      rows.reduce((sum, row) => sum + Number(row.split(',')[columns.indexOf(column)]), 0);
    expect(truth.failedWrites).toBeGreaterThan(0);
    expect({
      reads: total('reads'),
      readBytes: total('read_bytes'),
      growthBytes: total('footprint_growth_bytes'),
    }).toEqual({reads: truth.reads, readBytes: truth.readBytes, growthBytes: truth.footprintBytes});
  });
});

/** Reads by completed request; the footprint as a plain set of 4 KiB blocks, in the order of the requests. */
function sumLog(text: string): {
  reads: number;
  readBytes: number;
  failedWrites: number;
  footprintBytes: number;
} {
  const failed = new Set(
    [...text.matchAll(/connection=(\d+) \.\.\.\w+ id=(\d+) return=-1/g)].map(
      ([, connection, id]) => `${connection} ${id}`,
    ),
  );
  const blocks = new Set<number>();
  const sums = {reads: 0, readBytes: 0, failedWrites: 0, footprintBytes: 0};
  const request =
    /connection=(\d+) (Read|Write|Trim|Zero) id=(\d+) offset=0x(\w+) count=0x(\w+) (?:trim=(\d))?/g;
  for (const [, connection, action, id, hexOffset = '', hexCount = '', trim] of text.matchAll(request)) {
    const [offset, count] = [Number.parseInt(hexOffset, 16), Number.parseInt(hexCount, 16)];
    if (failed.has(`${connection} ${id}`)) {
      if (action === 'Write') sums.failedWrites += 1;
      continue;
    }
    if (action === 'Read') {
      sums.reads += 1;
      sums.readBytes += count;
    } else if (action === 'Write' || (action === 'Zero' && trim === '0')) {
      for (let block = Math.floor(offset / 4096); block * 4096 < offset + count; block += 1)
        blocks.add(block);
    } else {
      for (let block = Math.ceil(offset / 4096); (block + 1) * 4096 <= offset + count; block += 1)
        blocks.delete(block);
    }
  }
  sums.footprintBytes = blocks.size * 4096;
  return sums;
}
