import {execFileSync} from 'node:child_process';
import {existsSync, rmSync} from 'node:fs';
import path from 'node:path';

import {quantile} from '../src/lib/core/index.js';
import type {BenchOptions, BenchResult} from './bench.js';

const ROOT = path.join(import.meta.dirname, '..');
const MANIFEST = path.join(ROOT, 'oclif.manifest.json');

/**
 * CPU milliseconds (user + system, of the whole process) of `foreshadow --help` as packed, that is with the manifest
 * that `npm pack` ships, and from a checkout without it; beside a bare Node. Medians of `runs` after one warm-up, the
 * three taking turns so that the machine's noise meets all alike.
 */
export function bench({runs = 11}: BenchOptions): BenchResult {
  const hadManifest = existsSync(MANIFEST);
  if (hadManifest) rmSync(MANIFEST);
  const bare = ['-e', '0'];
  const help = [path.join(ROOT, 'bin', 'run.js'), '--help'];
  const samples = {bareMs: [] as number[], checkoutMs: [] as number[], packedMs: [] as number[]};
  for (let run = 0; run <= runs; run += 1) {
    const bareMs = nodeCpuMs(bare);
    const checkoutMs = nodeCpuMs(help);
    execFileSync(path.join(ROOT, 'node_modules', '.bin', 'oclif'), ['manifest'], {
      cwd: ROOT,
      stdio: 'ignore',
    });
    const packedMs = nodeCpuMs(help);
    rmSync(MANIFEST);
    if (run === 0) continue;
    samples.bareMs.push(bareMs);
    samples.checkoutMs.push(checkoutMs);
    samples.packedMs.push(packedMs);
  }
  const median = (values: number[]): number => Math.round(quantile(values, 0.5));
  return {
    name: 'startup',
    figures: {
      help_cpu_ms: median(samples.packedMs),
      help_without_manifest_cpu_ms: median(samples.checkoutMs),
      bare_node_cpu_ms: median(samples.bareMs),
    },
    table: [
      {what: 'node -e 0', 'CPU ms': median(samples.bareMs)},
      {what: 'foreshadow --help, as packed', 'CPU ms': median(samples.packedMs)},
      {what: 'foreshadow --help, checkout', 'CPU ms': median(samples.checkoutMs)},
    ],
  };
}

/** The shell's own accounting of the finished child: Node reports no CPU time of its children. */
function nodeCpuMs(nodeArguments: readonly string[]): number {
  const script = 'TIMEFORMAT="%3U %3S"; { time "$@" >/dev/null 2>&1 ; } 2>&1';
  const printed = execFileSync('bash', ['-c', script, 'bash', process.execPath, ...nodeArguments], {
    encoding: 'utf8',
  });
  return printed
    .trim()
    .split(' ')
    .reduce((total, seconds) => total + 1000 * Number(seconds), 0);
}
