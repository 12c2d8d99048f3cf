import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {expect, onTestFinished, test} from 'vitest';

import type {ForecastSource} from '../../src/lib/workflows/forecast-series.js';
import type {MonitorReport} from '../../src/lib/workflows/monitor-forecasts.js';
import {
  DRIFT_NIGHT,
  fleetWithDrift,
  historyBytes,
  keepAt,
  monitorAt,
  NIGHTS,
  nightUs,
  type Scene,
  trainAt,
} from './month.js';

async function newScene(): Promise<Scene> {
  const storePath = await mkdtemp(path.join(tmpdir(), 'foreshadow-month-'));
  onTestFinished(async () => rm(storePath, {recursive: true, force: true}));
  return {storePath, fleet: fleetWithDrift()};
}

/** What a nightly job does: monitor, train when told so, replace when told so, foresee. */
async function runMonth(scene: Scene): Promise<readonly MonitorReport[]> {
  let champion = await trainAt(0, 'ets', scene);
  let challenger: ForecastSource | undefined;
  const reports: MonitorReport[] = [];
  for (let night = 0; night < NIGHTS; night += 1) {
    const report = await monitorAt(night, scene);
    reports.push(report);
    const action = report.groups[0]?.action;
    if (action === 'retrain') challenger ??= await trainAt(night, 'ets', scene);
    if (action === 'replace' && challenger) [champion, challenger] = [challenger, undefined];
    await keepAt(night, champion, 'champion', scene);
    if (challenger) await keepAt(night, challenger, 'challenger', scene);
  }
  return reports;
}

test('a month of nights: drift in week three is raised within three nights and not before, and the retrained model wins', async () => {
  const scene = await newScene();
  const reports = await runMonth(scene);
  // The night that begins at DRIFT_NIGHT is known one later.
  const alarmed = reports.findIndex(({passed}) => !passed);
  expect(alarmed).toBeGreaterThan(DRIFT_NIGHT);
  expect(alarmed).toBeLessThanOrEqual(DRIFT_NIGHT + 3);
  const last = reports.at(-1)?.groups[0];
  expect(last?.drift.alarmsAtUs).toEqual([nightUs(alarmed)]);

  const replaced = reports.findIndex(({groups}) => groups[0]?.action === 'replace');
  expect(replaced).toBeGreaterThanOrEqual(alarmed + 7);
  expect(last?.replacements).toHaveLength(1);
  expect(last?.replacements[0]).toMatchObject({atUs: nightUs(replaced), to: last?.champion});
  expect(last?.replacements[0]?.lossRatio).toBeLessThan(0.9);
  // With the model that takes over the test begins anew.
  expect(reports.slice(replaced + 1).every(({passed}) => passed)).toBe(true);
  expect(last?.drift).toMatchObject({verdict: 'too-early', sinceUs: nightUs(replaced)});

  // All was written when its night came: the last one again finds nothing to do.
  const before = await historyBytes(scene.storePath);
  const again = await monitorAt(NIGHTS - 1, scene);
  expect(again.newBlocks).toBe(0);
  expect(again).toMatchObject({groups: reports.at(-1)?.groups, rows: reports.at(-1)?.rows});
  // A look back from week two neither sees nor changes what came later.
  const back = await monitorAt(DRIFT_NIGHT - 1, scene);
  expect(back.groups).toEqual(reports[DRIFT_NIGHT - 1]?.groups);
  expect(await historyBytes(scene.storePath)).toEqual(before);
}, 120_000);

const CHAMPION: ForecastSource = fitNow('seasonal-naive');
const CHALLENGER: ForecastSource = fitNow('naive');

function fitNow(model: string): ForecastSource {
  return {kind: 'fit', model, granularity: 'hourly', metric: 'used-bytes', seed: 1};
}

async function runNight(night: number, scene: Scene): Promise<void> {
  await monitorAt(night, scene);
  await keepAt(night, CHAMPION, 'champion', scene);
  await keepAt(night, CHALLENGER, 'challenger', scene);
}

test('nights that are killed between any two changes of a file, and repeated, leave the same bytes', async () => {
  const [whole, broken] = [await newScene(), await newScene()];
  let kills = 0;
  for (const night of [0, 1, 2]) {
    await runNight(night, whole);
    for (let isDone = false; !isDone;) {
      let changes = 0;
      // Each run makes one change and dies before the next.
      const onChange = (): void => {
        changes += 1;
        if (changes > 1) throw new Error('killed');
      };
      isDone = await runNight(night, {...broken, onChange}).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof Error) || error.message !== 'killed') throw error;
          kills += 1;
          return false;
        },
      );
    }
    const bytes = await historyBytes(whole.storePath);
    expect(await historyBytes(broken.storePath)).toEqual(bytes);
    await runNight(night, whole);
    expect(await historyBytes(whole.storePath)).toEqual(bytes);
  }
  expect(kills).toBeGreaterThan(20);
});
