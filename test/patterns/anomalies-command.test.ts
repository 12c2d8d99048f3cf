import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import Evaluate from '../../src/commands/evaluate.js';
import Forecast from '../../src/commands/forecast.js';
import PatternsAnomalies from '../../src/commands/patterns/anomalies.js';
import PatternsLabel from '../../src/commands/patterns/label.js';
import Train from '../../src/commands/train.js';
import {createRandom} from '../../src/lib/core/index.js';
import {readAnomaliesFile} from '../../src/lib/patterns/index.js';
import {batchOf, BEGIN_US, HOUR_US} from '../shadow-store/batches.js';
import {openWriter} from '../shadow-store/stores.js';
import {runCommand} from '../support/run-command.js';

const STEPS = 14 * 24;
const BURST = {from: 250, to: 253};
const VOLUME = 'db "1"';
let folder: string;
let store: string;

/** Growth that never stands still; one volume grows a hundredfold for three hours. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-anomalies-'));
  store = path.join(folder, 'store');
  const random = createRandom(3);
  const samples = [VOLUME, 'web\u001b[2J'].flatMap((volume) => {
    let bytes = 1e9;
    return Array.from({length: STEPS}, (_, step) => {
      const isBurst = volume === VOLUME && step >= BURST.from && step < BURST.to;
      bytes += Math.round((isBurst ? 1e8 : 1e6) * (1 + 0.2 * random.next()));
      const atUs = BEGIN_US + step * HOUR_US;
      return {volume, startUs: atUs, used: {bytes, atUs}};
    });
  });
  const writer = await openWriter(store);
  await writer.commit(batchOf('usage', samples));
  await writer.close();
});
afterAll(() => rm(folder, {recursive: true, force: true}));

function run(command: Parameters<typeof runCommand>[0], ...args: string[]): ReturnType<typeof runCommand> {
  return runCommand(command, [...args, '--store', store]);
}

function at(step: number): string {
  return new Date((BEGIN_US + step * HOUR_US) / 1000).toISOString();
}

describe('patterns anomalies and label', () => {
  it('finds the burst, in words, in a file and as CSV, with names that cannot move the cursor', async () => {
    const [out, csv] = ['found.json', 'found.csv'].map((name) => path.join(folder, name));
    const {stdout, exitCode} = await run(PatternsAnomalies, '--out', out ?? '', '--csv', csv ?? '');
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain('\u001b[2J');
    expect(stdout).toMatch(/^db "1" .*far more than usual for [23]h: .* MiB where .* MiB was expected$/m);
    const file = await readAnomaliesFile(out ?? '');
    const spikes = file.anomalies.filter(({kind, volume}) => kind === 'spike' && volume === VOLUME);
    expect(spikes).toHaveLength(1);
    expect(spikes[0]?.severity).toBe('critical');
    expect(spikes[0]?.startUs).toBeGreaterThanOrEqual(BEGIN_US + BURST.from * HOUR_US);
    expect(spikes[0]?.endUs).toBeLessThanOrEqual(BEGIN_US + BURST.to * HOUR_US);
    const rows = (await readFile(csv ?? '', 'utf8')).trim().split('\n');
    expect(rows).toHaveLength(file.anomalies.length + 1);
    expect(rows.some((row) => row.startsWith('"db ""1""",spike,'))).toBe(true);
  });

  it('honours labels beside the store, a later one before an earlier one', async () => {
    const stretch = ['--from', at(BURST.from - 1), '--to', at(BURST.to + 1)];
    const found = async (): Promise<string> => (await run(PatternsAnomalies)).stdout;
    const none = await run(PatternsLabel, VOLUME, ...stretch, '--none', '--note', 'a restore');
    expect(none.stdout).toMatch(/: no anomaly \(1 labels in .*store-anomaly-labels\.json\)/);
    expect(await found()).not.toMatch(/far more than usual for [23]h/);
    await run(PatternsLabel, VOLUME, ...stretch, '--note', 'it was one');
    expect(await found()).toMatch(/labelled: it was one/);
    await rm(`${store}-anomaly-labels.json`);
    const unknown = await run(PatternsLabel, 'db 1', ...stretch);
    expect(unknown.exitCode).toBe(3);
    expect(unknown.stderr).toMatch(/the store has no volume "db 1"/);
    const empty = await run(PatternsLabel, VOLUME, '--from', at(5), '--to', at(5));
    expect(empty.exitCode).toBe(2);
    expect(empty.stderr).toMatch(/is not after --from/);
  });

  it('leaves out what the rules do not count, and refuses rules that say nothing', async () => {
    const rules = path.join(folder, 'rules.json');
    await writeFile(rules, '{"classes": [{"volumes": "db*", "kinds": []}]}');
    expect((await run(PatternsAnomalies, '--rules', rules)).stdout).not.toMatch(/^db "1"/m);
    await writeFile(rules, '{"classes": [{"volumes": "db*", "kinds": ["spikes"]}]}');
    const refused = await run(PatternsAnomalies, '--rules', rules);
    expect(refused.exitCode).toBe(3);
    // Said once.
    expect(refused.stderr.match(/classes\[0\]\.kinds\[0\]/g)).toHaveLength(1);
  });

  it('refuses a file of labels that is named and not there', async () => {
    const missing = await run(PatternsAnomalies, '--labels', path.join(folder, 'nosuch.json'));
    expect(missing.exitCode).toBe(3);
    expect(missing.stderr).toMatch(/cannot read .*nosuch\.json/);
  });
});

describe('anomalies as marks', () => {
  it('are taken by train, forecast and evaluate, and refused for another metric', async () => {
    const [marks, model] = [path.join(folder, 'marks.json'), path.join(folder, 'model.json')];
    await run(PatternsAnomalies, '--out', marks);
    const fit = ['--model', 'ets', '--horizon', '1d', '--anomalies', marks];
    const trained = await run(Train, ...fit, '--out', model);
    expect(trained.stderr).toBe('');
    expect(trained.stdout).toMatch(/marked stretches/);
    const plain = await run(Train, ...fit.slice(0, 4), '--out', path.join(folder, 'plain.json'));
    expect(plain.stdout).not.toMatch(/marked stretches/);
    const forecast = await run(Forecast, '--model-file', model, '--anomalies', marks, '--horizon', '1d');
    expect(forecast.exitCode).toBe(0);
    const evaluate = ['--models', 'ets', '--horizon', '1d', '--folds', '1', '--anomalies', marks];
    expect((await run(Evaluate, ...evaluate)).exitCode).toBe(0);
    const other = await run(Train, ...fit, '--metric', 'writes', '--out', model);
    expect(other.stderr).toMatch(/has anomalies of used-bytes, not of writes/);
    expect(other.exitCode).toBe(2);
  });
});
