import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import type {Series} from '../src/lib/core/index.js';
import {readTopology, type Topology} from '../src/lib/topology/index.js';
import {readUsageHistory} from '../src/lib/workflows/read-usage-history.js';
import {synthesize} from '../src/lib/workflows/synthesize.js';

const START_US = Date.UTC(2026, 0, 5) * 1000;

/**
 * A cluster as `foreshadow synth` makes it, and its truth file: 40 hosts, 8 racks, 6 feeds, 1,000 volumes, 60 days. Racks and
 * feeds fail; single hosts, which they take with them, do not as well.
 */
export async function readSyntheticTruth(
  seed: number,
): Promise<{readonly topology: Topology; readonly histories: readonly Series[]}> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-bench-'));
  const out = path.join(folder, 'cluster');
  try {
    await synthesize({
      cluster: {
        ...{hosts: 40, racks: 8, feeds: 6, switches: 0, volumes: 1000, days: 60, fillShare: 0.6, seed},
        startUs: START_US,
      },
      requests: {total: 0},
      formats: ['usage-csv'],
      withUsage: false,
      out: {kind: 'folder', path: out, force: false},
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    const span = {stepSeconds: 3600, fromUs: Number.NEGATIVE_INFINITY, toUs: Infinity};
    const topology = await readTopology(path.join(out, 'topology.yaml'));
    return {
      topology: {...topology, scenarios: topology.scenarios.filter(({hosts}) => hosts.length > 1)},
      histories: await readUsageHistory(path.join(out, 'truth.csv'), span),
    };
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}
