import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {expect, onTestFinished, test} from 'vitest';

import {ALLOCATION_POLICIES, HINDSIGHT_POLICIES} from '../../src/lib/allocation/index.js';
import {createRandom} from '../../src/lib/core/index.js';
import {
  readCheckpoint,
  replayHistory,
  type ReplayOptions,
  type ReplayState,
  writeCheckpoint,
} from '../../src/lib/replay/index.js';
import {lastValueModel, randomTopology, randomUse, replayOptions} from './builders.js';

const HEADER = {tool: 'test/0', createdAt: '2026-01-31T00:00:00Z'};

async function scratchFile(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-test-'));
  onTestFinished(async () => rm(folder, {recursive: true, force: true}));
  return path.join(folder, 'replay.state');
}

/** Tight, with rules for giving back and a model that is fitted again between the ends of stretches. */
function options(overrides: Partial<ReplayOptions> = {}): ReplayOptions {
  const random = createRandom('checkpoint');
  const topology = randomTopology(random, 7, 1e9);
  return replayOptions({
    topology,
    histories: randomUse(random.fork('use'), topology, 60, 1e9),
    policies: ALLOCATION_POLICIES.filter(({name}) => ['shared', 'reactive'].includes(name)),
    hindsightPolicies: HINDSIGHT_POLICIES,
    shrink: {deadBandShare: 0.05, stepShare: 0.5, coolDownSeconds: 11 * 3600},
    reviewSteps: 4,
    refitReviews: 6,
    model: lastValueModel(),
    ...overrides,
  });
}

class Killed extends Error {}

/** Replays until the state has been kept `times` times, then is gone as by a kill; what is left is the file. */
async function replayUntilKilled(replay: ReplayOptions, file: string, times: number): Promise<void> {
  let kept = 0;
  const onState = async (state: ReplayState): Promise<void> => {
    await writeCheckpoint(file, HEADER, 'inputs', state);
    kept += 1;
    if (kept === times) throw new Killed();
  };
  await expect(replayHistory({...replay, onState})).rejects.toThrow(Killed);
}

test('a replay that is killed and goes on from its checkpoint ends with the same figures, to the last bit', async () => {
  const file = await scratchFile();
  const whole = await replayHistory(options());
  for (const times of [1, 3]) {
    await replayUntilKilled(options(), file, times);
    const resume = await readCheckpoint(file, 'inputs');
    expect(resume.reviewsDone).toBe(4 * times);
    const done: number[] = [];
    const onProgress: ReplayOptions['onProgress'] = (progress) => done.push(progress.done);
    expect(await replayHistory({...options(), resume, onProgress})).toEqual(whole);
    expect(done[0]).toBe(4 * times + 1);
  }
});

test('so does one with random failures and prices', async () => {
  const file = await scratchFile();
  const random = {
    hindsightPolicies: [],
    rates: {perYear: new Float64Array(7).fill(60), drawCount: 20},
    prices: {heldByteHour: 1e-9, stuckByte: 1e-8},
  };
  const whole = await replayHistory(options(random));
  await replayUntilKilled(options(random), file, 2);
  const resume = await readCheckpoint(file, 'inputs');
  expect(await replayHistory({...options(random), resume})).toEqual(whole);
});

test('a checkpoint of other inputs, a damaged one and another file are refused by name', async () => {
  const file = await scratchFile();
  await replayUntilKilled(options(), file, 1);
  await expect(readCheckpoint(file, 'others')).rejects.toMatchObject({
    exitCode: 3,
    code: 'other-replay',
    message: expect.stringContaining('4 reviews done') as string,
  });
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('"reviewsDone":4', '"reviewsDone":-4'));
  await expect(readCheckpoint(file, 'inputs')).rejects.toMatchObject({exitCode: 3, code: 'bad-field'});
  await writeFile(file, text.slice(0, 1000));
  await expect(readCheckpoint(file, 'inputs')).rejects.toMatchObject({exitCode: 3, code: 'not-json'});
});
