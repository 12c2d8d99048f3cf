import {execFile} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';

import type {Series} from '../src/lib/core/index.js';
import {type Forecast, INTERVAL_LEVELS} from '../src/lib/forecasting/index.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {
  type CompetitionData,
  competitionFolder,
  type CompetitionScores,
  HOURLY,
  readCompetition,
  scoreCompetition,
} from './m4-competition.js';
import {scoreModel} from './m4.js';

/** Our models, and what R has of the same name or idea (`peers.R`). */
const PEERS: Readonly<Record<string, string>> = {
  'seasonal-naive': 'snaive',
  theta: 'thetaf',
  ets: 'ets',
  arima: 'auto.arima',
  'mstl-ets': 'mstl.ets',
  'mstl-arima': 'mstl.arima',
  prophet: 'prophet',
};
const DEFAULT_SERIES = 24;

/**
 * `npm run bench -- peers`: R's forecast and prophet, where they are installed, beside our models on the same `rows` series
 * of M4 Hourly in the same run. CPU seconds a series: ours with calibration, R's without its start. `models` names some of ours.
 */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  const all = await readCompetition(competitionFolder(options.data), HOURLY);
  const data = sampled(all, options.rows ?? DEFAULT_SERIES);
  const names = options.models?.split(',') ?? Object.keys(PEERS);
  const peers = await askPeers(
    data.panel,
    names.flatMap((name) => PEERS[name] ?? []),
  );
  const table: Record<string, string | number>[] = [];
  const figures: Record<string, number> = {series: data.panel.length};
  for (const name of names) {
    const {scores: own} = await scoreModel(name, data, HOURLY);
    table.push({model: name, ...rounded(own)});
    const answer = peers.get(PEERS[name] ?? '');
    if (answer === undefined || answer.forecasts.length === 0) continue;
    const known = new Set(answer.forecasts.map(({id}) => id));
    const same = {...data, panel: data.panel.filter(({id}) => known.has(id))};
    const scores = {
      ...scoreCompetition(answer.forecasts, same, HOURLY),
      cpu_seconds_per_series: answer.cpuSeconds / answer.forecasts.length,
    };
    table.push({model: `R ${PEERS[name] ?? ''}`, ...rounded(scores), failed: answer.failed});
    for (const measure of ['cpu_seconds_per_series', 'mase', 'owa', 'msis'] as const)
      figures[`${measure}_vs_r ${name}`] = own[measure] / scores[measure];
  }
  return {name: 'peers', figures, table};
}

/** As many series as asked for, spread evenly over those whose truth is at hand. */
function sampled({panel, truths}: CompetitionData, count: number): CompetitionData {
  const known = panel.filter(({id}) => truths.has(id));
  const every = known.length / Math.min(count, known.length);
  const taken = Array.from({length: Math.min(count, known.length)}, (_, index) =>
    known.slice(Math.floor(index * every), Math.floor(index * every) + 1),
  );
  return {panel: taken.flat(), truths};
}

interface Answer {
  readonly forecasts: Forecast[];
  cpuSeconds: number;
  failed: number;
}

/** What R answers, by its method; empty, with the reason on stderr, where R is not there. */
async function askPeers(
  panel: readonly Series[],
  methods: readonly string[],
): Promise<ReadonlyMap<string, Answer>> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'foreshadow-peers-'));
  try {
    const file = path.join(folder, 'series.csv');
    await writeFile(file, panel.map(({id, values}) => `${id},${values.join(',')}\n`).join(''));
    const script = path.join(import.meta.dirname, 'peers.R');
    const call = [script, file, String(HOURLY.horizonSteps), ...methods];
    const {stdout} = await promisify(execFile)('Rscript', call, {maxBuffer: 2 ** 28});
    return readAnswers(stdout, panel);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    process.stderr.write(`R is left out: ${reason} (Debian: apt-get install r-base-core r-cran-forecast)\n`);
    return new Map();
  } finally {
    await rm(folder, {recursive: true});
  }
}

function readAnswers(stdout: string, panel: readonly Series[]): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const line of stdout.trim().split('\n')) {
    const [kind, method = '', id = '', ...cells] = line.split(',');
    const answer = answers.get(method) ?? {forecasts: [], cpuSeconds: 0, failed: 0};
    answers.set(method, answer);
    if (kind === 'forecast') {
      const [cpuSeconds = Number.NaN, ...values] = cells.map(Number);
      answer.cpuSeconds += cpuSeconds;
      answer.forecasts.push(forecastOf(id, Float64Array.from(values), panel));
    } else if (kind === 'failed') {
      answer.failed += 1;
      process.stderr.write(`R ${method} refused ${id}: ${cells.join(' ')}\n`);
    } else if (kind === 'missing') {
      process.stderr.write(`R ${method} is left out: package ${id} is not installed\n`);
    } else throw new Error(`peers.R wrote a line that is not understood: "${line.slice(0, 80)}"`);
  }
  return answers;
}

function forecastOf(id: string, values: Float64Array, panel: readonly Series[]): Forecast {
  const {horizonSteps, stepSeconds} = HOURLY;
  const [point, low, high] = [0, 1, 2].map((index) =>
    values.slice(index * horizonSteps, (index + 1) * horizonSteps),
  );
  if (!point || !low || !high || !panel.some((series) => series.id === id))
    throw new Error(`peers.R answered for "${id}", which it was not asked`);
  return {id, startUs: 0, stepSeconds, point, levels: INTERVAL_LEVELS, quantiles: [low, high]};
}

function rounded(
  scores: CompetitionScores & {readonly cpu_seconds_per_series: number},
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(scores).map(([name, value]) => [name, Number(value.toPrecision(4))]),
  );
}
