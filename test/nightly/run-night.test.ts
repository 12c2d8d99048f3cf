import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, beforeAll, beforeEach, describe, expect, it} from 'vitest';

import {
  exitCodeOfNight,
  type NightAnswer,
  type NightCall,
  type NightStep,
  runNight,
  type StepOutcome,
} from '../../src/lib/nightly/index.js';

let folder: string;
let called: string[] = [];
let answers: Record<string, number> = {};
let inputs: Record<string, string> = {};
let settings: readonly string[] = [];
let outside = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-night-'));
});
afterAll(async () => {
  await rm(folder, {recursive: true});
});
beforeEach(async () => {
  await rm(folder, {recursive: true});
  await mkdir(folder);
  [called, answers, inputs, settings, outside] = [[], {}, {a: '1', b: '1', c: '1'}, [], ''];
});

const fileOf = (step: string): string => path.join(folder, `${step}.json`);

/** Steps a, b and c, each of which goes by its own input and by what those before it wrote. */
function steps(): readonly NightStep[] {
  return ['a', 'b', 'c'].map((name, index, all) => ({
    name,
    prepare: async () => ({
      kind: 'run' as const,
      calls: [{argv: [name, inputs[name] ?? ''], out: fileOf(name)}],
      asksOutside: name === outside,
      inputs: {before: index === 0 ? '' : await readFile(fileOf(all[index - 1] ?? ''), 'utf8')},
      outputs: [fileOf(name)],
    }),
  }));
}

/** Killed in the midst of a call when `killAt` is its number. */
async function night(killAt?: number): Promise<readonly StepOutcome[]> {
  let calls = 0;
  const call = ({argv: [name = '', input = '']}: NightCall): Promise<NightAnswer> => {
    calls += 1;
    if (calls === killAt) throw new Error('killed');
    called.push(name);
    const exitCode = answers[name] ?? 0;
    const document = exitCode === 3 ? {error: {message: 'no such file'}} : {};
    return Promise.resolve({exitCode, document, text: `${name} ${input}`});
  };
  return runNight(steps(), {
    recordPath: path.join(folder, 'nightly.json'),
    tool: 'foreshadow/0.1.0',
    createdAt: () => '2026-11-01T00:00:00.000Z',
    call,
    settingsOf: () => Promise.resolve(settings),
    signal: new AbortController().signal,
    onBegin: () => undefined,
    onEnd: () => undefined,
  });
}

const statuses = (outcomes: readonly StepOutcome[]): string => outcomes.map(({status}) => status).join(' ');

describe('a night', () => {
  it('runs each step once; the same night again changes nothing', async () => {
    expect(statuses(await night())).toBe('done done done');
    const record = await readFile(path.join(folder, 'nightly.json'), 'utf8');
    expect(statuses(await night())).toBe('unchanged unchanged unchanged');
    expect(called).toEqual(['a', 'b', 'c']);
    expect(await readFile(path.join(folder, 'nightly.json'), 'utf8')).toBe(record);
  });

  it('runs what changed, and what goes by its result', async () => {
    await night();
    inputs['b'] = '2';
    expect(statuses(await night())).toBe('unchanged done done');
    settings = ['--level=0.9'];
    expect(statuses(await night())).toBe('done done done');
  });

  it('runs a step again whose result is gone or was changed by somebody', async () => {
    await night();
    await rm(fileOf('c'));
    expect(statuses(await night())).toBe('unchanged unchanged done');
    await writeFile(fileOf('b'), 'edited');
    expect(statuses(await night())).toBe('unchanged done unchanged');
  });

  it.each([1, 2, 3])('that was killed at call %i goes on there', async (killAt) => {
    await expect(night(killAt)).rejects.toThrow('killed');
    await night();
    expect(called).toEqual(['a', 'b', 'c']);
    expect(statuses(await night())).toBe('unchanged unchanged unchanged');
  });

  it('goes on after a check that failed, and remembers that it did', async () => {
    answers['b'] = 4;
    const first = await night();
    expect([statuses(first), exitCodeOfNight(first)]).toEqual(['done done done', 4]);
    const again = await night();
    expect([statuses(again), exitCodeOfNight(again)]).toEqual(['unchanged unchanged unchanged', 4]);
    answers = {b: 0, c: 7};
    inputs['b'] = '2';
    expect(exitCodeOfNight(await night())).toBe(7);
  });

  it('never passes over what asks the outside world', async () => {
    outside = 'c';
    await night();
    expect(statuses(await night())).toBe('unchanged unchanged done');
  });

  it('ends at any other error with its code, and the next goes on from there', async () => {
    answers['b'] = 3;
    const ended = await night();
    expect([statuses(ended), exitCodeOfNight(ended)]).toEqual(['done failed not-run', 3]);
    expect(ended[1]?.why).toBe('foreshadow b ended with 3: no such file');
    answers['b'] = 0;
    expect(statuses(await night())).toBe('unchanged done done');
  });
});
