import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';

import {createRandom} from '../../src/lib/core/index.js';
import {acrossSeries} from '../../src/lib/forecasting/across-series.js';
import {type FitOptions, removeCheckpoints} from '../../src/lib/forecasting/index.js';
import {mlpNet} from '../../src/lib/forecasting/neural/mlp-net.js';
import {fitOptions, made, wave} from './builders.js';

const net = acrossSeries({
  ...{name: 'small', summary: '', kind: mlpNet, hiddenUnits: 3, mostPatches: 2, batchRows: 4},
  ...{epochs: 1, mostRounds: 100, rate: 0.01},
});
const panel = [made(80, (step, noise) => 10 * wave(step, 4) + noise)];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-checkpoints-'));
});
afterEach(() => rm(folder, {recursive: true, force: true}));

/** What a fit saved, and what it told on the way. */
async function fit(options: Partial<FitOptions> = {}): Promise<{saved: unknown; told: (number | string)[]}> {
  const told: (number | string)[] = [];
  const listening: Partial<FitOptions> = {
    onRemark: (text) => told.push(text),
    onProgress: ({done}) => told.push(done),
  };
  const fitted = await net.fit(panel, fitOptions({...listening, ...options}));
  return {saved: fitted.save(), told};
}

const checkpoints = (): FitOptions['checkpoints'] => ({folder, tool: 'foreshadow/test'});
const kept = (): string => path.join(folder, 'small.checkpoint.json');

/** A fit that is stopped after 75 steps. */
async function interrupt(options: Partial<FitOptions> = {}): Promise<void> {
  const controller = new AbortController();
  const stopping = fit({
    ...{checkpoints: checkpoints(), signal: controller.signal, ...options},
    onProgress: ({done}) => {
      if (done === 75) controller.abort(new Error('stopped'));
    },
  });
  await expect(stopping).rejects.toThrow('stopped');
}

/** What a fit tells before it begins: it is stopped at once. */
async function remarkOf(options: Partial<FitOptions>, series = panel): Promise<string> {
  const told: string[] = [];
  const stopped = {checkpoints: checkpoints(), signal: AbortSignal.abort(new Error('stopped'))};
  const listening = {...stopped, onRemark: (text: string) => told.push(text), ...options};
  await expect(net.fit(series, fitOptions(listening))).rejects.toThrow('stopped');
  return told.join('\n');
}

describe('an interrupted training', () => {
  it('goes on from its last checkpoint and ends with the same bytes', async () => {
    const whole = await fit();
    expect(whole.told).toEqual([25, 50, 75, 100]);
    await interrupt();
    const resumed = await fit({checkpoints: checkpoints()});
    expect(resumed.told).toEqual([`small: goes on after step 50, from ${kept()}`, 75, 100]);
    expect(resumed.saved).toEqual(whole.saved);
    // A network of an ensemble that had ended is not trained again.
    const again = await fit({checkpoints: checkpoints()});
    expect(again).toEqual({saved: whole.saved, told: [`small: goes on after step 100, from ${kept()}`]});
  });

  it('does not go on with other inputs or from a damaged file, and says so', async () => {
    await interrupt();
    const otherTool = await remarkOf({checkpoints: {folder, tool: 'foreshadow/other'}});
    expect(otherTool).toMatch(/^small: .* belongs to a training with another .*: training begins anew$/);
    const moved = panel.map((series) => ({...series, values: series.values.map((value) => value + 1)}));
    expect(await remarkOf({}, moved)).toMatch(/belongs to a training with another history/);
    expect(await remarkOf({random: createRandom(2)})).toMatch(/belongs to a training with another/);
    expect(await remarkOf({})).toMatch(/goes on after step 50/);
    const text = await readFile(kept(), 'utf8');
    await writeFile(kept(), text.replace(/"first": "..../, '"first": "zzzz'));
    expect(await remarkOf({})).toMatch(
      /checkpoint\.json: sha256 is .* was changed .*: training begins anew$/,
    );
  });

  it('leaves nothing of its own once its checkpoints are removed, and nothing of others is touched', async () => {
    await writeFile(kept(), 'whole');
    await writeFile(path.join(folder, 'small.checkpoint.json.1.ab.tmp'), 'half');
    await writeFile(path.join(folder, 'mine.txt'), 'mine');
    await removeCheckpoints(folder);
    expect(await readdir(folder)).toEqual(['mine.txt']);
    await rm(path.join(folder, 'mine.txt'));
    await removeCheckpoints(folder);
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
    await expect(removeCheckpoints(folder)).resolves.toBeUndefined();
  });
});
