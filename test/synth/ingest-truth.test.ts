import {mkdtemp, readFile, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {Readable} from 'node:stream';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {openShadowStore} from '../../src/lib/shadow-store/index.js';
import {SYNTH_FORMATS} from '../../src/lib/synth/index.js';
import {ingestIntoStore} from '../../src/lib/workflows/ingest-into-store.js';
import {synthesize} from '../../src/lib/workflows/synthesize.js';

const HOUR_US = 3_600_000_000;
const START_US = Date.UTC(2026, 0, 5) * 1000;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'ingest-truth-'));
});
afterAll(async () => {
  await rm(scratch, {recursive: true, force: true});
});

describe('ingest of a synthetic cluster', () => {
  it('finds in every format, at every hour, the bytes in use that the truth file states', async () => {
    const folder = path.join(scratch, 'cluster');
    const {files, requests} = await synthesize({
      cluster: {
        ...{hosts: 12, racks: 6, feeds: 2, switches: 0, volumes: 12, days: 4, fillShare: 0.4, seed: 5},
        startUs: START_US,
      },
      requests: {total: 15_000},
      formats: SYNTH_FORMATS,
      withUsage: false,
      out: {kind: 'folder', path: folder, force: false},
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    const traces = files.filter((file) => file.path.startsWith('traces/'));
    const result = await ingestIntoStore({
      paths: traces.map((file) => path.join(folder, file.path)),
      stdin: Readable.from([]),
      options: {skewUs: 0},
      maxBadRows: 0,
      storePath: path.join(scratch, 'store'),
      nowUs: START_US,
      tool: 'test/0',
      onRemark: () => undefined,
    });
    expect(new Set(result.inputs.map(({format}) => format))).toEqual(new Set(SYNTH_FORMATS));
    expect(result.totals.rows).toBe(traces.reduce((sum, {rows}) => sum + rows, 0));
    expect(result.totals.rows).toBeGreaterThan(requests);

    const store = await openShadowStore(path.join(scratch, 'store'));
    const series = await store.readSeries({stepSeconds: 3600}, 'used-bytes');
    store.close();
    const found = series.flatMap(({id, startUs, values}) =>
      [...values].flatMap((used, hour) =>
        used > 0 ? [`${id},${startUs + (hour + 1) * HOUR_US - 1},${used}`] : [],
      ),
    );
    const truth = (await readFile(path.join(folder, 'truth.csv'), 'utf8')).trimEnd().split('\n').slice(1);
    expect(found.sort()).toEqual(truth.sort());
  });
});
