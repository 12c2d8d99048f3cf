import {mkdir, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import {Config, Parser} from '@oclif/core';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {runDemo} from '../../src/lib/workflows/demo.js';
import {
  DEMO_SETTINGS,
  type DemoOutcome,
  type DemoSettings,
  type DemoStep,
} from '../../src/lib/workflows/demo-story.js';
import {renderBegin, renderOutcome, renderStep} from '../../src/views/demo-view.js';
import Replay from '../../src/commands/replay.js';
import {runCommand} from '../support/run-command.js';

const ROOT = path.join(import.meta.dirname, '..', '..');
const DAY_SECONDS = 86_400;
/** The same story on a smaller cluster and without the network, which takes most of the time. */
const SMALL: DemoSettings = {
  ...DEMO_SETTINGS,
  cluster: {
    ...DEMO_SETTINGS.cluster,
    volumes: 36,
    days: 28,
    startUs: DEMO_SETTINGS.cluster.startUs + 14 * DAY_SECONDS * 1e6,
    hostCapacityBytes: 12e9,
  },
  requests: 30_000,
  evaluated: ['seasonal-naive'],
  policies: ['static', 'largest-boundary', 'per-boundary', 'shared'],
  warmUpSeconds: 14 * DAY_SECONDS,
};

let scratch: string;
let folder: string;
let outcome: DemoOutcome;
const steps: DemoStep[] = [];
let text = '';

function demoIn(place: string): Promise<DemoOutcome> {
  return runDemo({
    ...{folder: place, label: place, settings: SMALL, tool: 'foreshadow/0.0.0'},
    recordedTrace: path.join(ROOT, 'fixtures', 'demo', 'fio-nbdkit.log.gz'),
    actor: {pid: process.pid, machine: 'here', newLineage: '6c9ad6a3-5a0b-4a8e-9a44-0123456789ab'},
    signal: new AbortController().signal,
    onBegin: (step) => {
      text += renderBegin(step, steps.length + 1);
    },
    onEnd: async (step) => {
      steps.push(step);
      text += await renderStep(step, place, 'demo');
    },
    onProgress: () => undefined,
  });
}

beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'demo-test-'));
  folder = path.join(scratch, 'demo');
  outcome = await demoIn(folder);
  text += await renderOutcome(outcome);
}, 180_000);
afterAll(async () => {
  await rm(scratch, {recursive: true, force: true});
});

const policy = (name: string): DemoOutcome['policies'][number] =>
  outcome.policies.find((row) => row.policy === name)!;

describe('the demo', () => {
  it('ends with shared holding fewer byte-hours than the rules at no more stuck bytes', () => {
    const shared = policy('shared');
    for (const rule of ['largest-boundary', 'per-boundary']) {
      expect(shared.heldByteHours, rule).toBeLessThan(policy(rule).heldByteHours);
      expect(shared.stuckBytes, rule).toBeLessThanOrEqual(policy(rule).stuckBytes);
      expect(outcome.sharedBeats).toContain(rule);
    }
    expect(shared.heldByteHours).toBeGreaterThan(policy('oracle').heldByteHours);
    expect(outcome.feasible).toBe(true);
  });

  it('holds in the ledger what the applied plan says, less than the rule of thumb held before', async () => {
    const ledger = await readFile(path.join(folder, 'buffers.json'), 'utf8');
    const plan = JSON.parse(await readFile(path.join(folder, 'shared.plan.json'), 'utf8')) as {
      hosts: {host: string; reserveBytes: number; currentReserveBytes: number}[];
    };
    for (const {host, reserveBytes, currentReserveBytes} of plan.hosts) {
      expect(outcome.hosts).toContainEqual({
        host,
        beforeBytes: currentReserveBytes,
        afterBytes: reserveBytes,
      });
    }
    const {buffers} = JSON.parse(ledger) as {buffers: {host: string; bytes: number}[]};
    expect(buffers.reduce((sum, {bytes}) => sum + bytes, 0)).toBe(outcome.afterBytes);
    expect(outcome.afterBytes).toBeLessThan(outcome.beforeBytes);
  });

  it('ingests the recorded trace, whose volume is part of the cluster, and all formats only once', () => {
    const [first, second] = steps.filter((step) => step.kind === 'ingest').map(({result}) => result);
    expect(new Set(first!.inputs.map(({format}) => format)).size).toBe(6);
    expect(outcome.rowsOfRecordedTrace).toBe(3004 - 22 + 2560 + 270 + 174);
    expect(second!.batchIds).toEqual([]);
    expect(outcome.alreadyThere).toBe(first!.inputs.length);
    const check = steps.find((step) => step.kind === 'topology')!;
    expect(check.result).toMatchObject({errorCount: 0, volumeCount: 37});
    const plan = steps.find((step) => step.kind === 'plan')!;
    expect(plan.result.plan.warnings ?? []).toEqual([]);
  });

  it('tells commands that exist, with flags that exist, and that do the same', async () => {
    const config = await Config.load({root: ROOT});
    for (const {command} of outcome.steps) {
      const [program, ...words] = command.split(' ');
      expect(program).toBe('foreshadow');
      const depth = words[0] === 'topology' ? 2 : 1;
      const {flags, baseFlags, args, strict} = await config
        .findCommand(words.slice(0, depth).join(':'), {must: true})
        .load();
      await Parser.parse(words.slice(depth), {flags: {...baseFlags, ...flags}, args, strict});
    }
    const {command, result} = steps.find((step) => step.kind === 'replay')!;
    const run = await runCommand(Replay, [...command.split(' ').slice(2), '--json']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect((JSON.parse(run.stdout) as {scores: unknown}).scores).toEqual(
      JSON.parse(JSON.stringify(result.scores)) as unknown,
    );
  });

  it('shows every step, and what was held before and after in its last table', () => {
    for (const {title, command} of outcome.steps) {
      expect(text).toContain(title);
      expect(text).toContain(`$ ${command}`);
    }
    expect(text).not.toContain(`at ${folder}`);
    const last = text.slice(text.indexOf('byte-hours held'));
    expect(last).toMatch(/^shared .*100\.00 %.*after: /m);
    expect(last).toMatch(/^static .*before: /m);
  });

  it('refuses a folder with something in it, and leaves that alone', async () => {
    const full = path.join(scratch, 'full');
    await mkdir(full);
    await writeFile(path.join(full, 'mine'), 'x');
    await expect(demoIn(full)).rejects.toMatchObject({exitCode: 2, code: 'folder-not-empty'});
    expect(await readdir(full)).toEqual(['mine']);
  });
});
