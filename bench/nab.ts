import {existsSync} from 'node:fs';
import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {parse} from 'csv-parse/sync';
import {z} from 'zod';

import {parseInstantUs} from '../src/lib/core/index.js';
import {createOnlineDetector} from '../src/lib/patterns/index.js';
import type {BenchOptions, BenchResult} from './bench.js';
import {createRelativeEntropy, createWindowedGaussian} from './nab-peers.js';
import {type CostProfile, PROFILES, type RowWindow, scoreCorpus, type ScoredFile} from './nab-score.js';

const rowSchema = z.object({timestamp: z.string(), value: z.string()});
const labelsSchema = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])));
type Labels = z.infer<typeof labelsSchema>;
type Row = z.infer<typeof rowSchema>;

/** One file of the benchmark; `windows` undefined where there are no labels for it. */
interface NabFile {
  /** `<category>/<file>`. */
  readonly name: string;
  readonly rows: readonly Row[];
  readonly timesUs: Float64Array;
  readonly values: Float64Array;
  readonly windows: readonly RowWindow[] | undefined;
}

/** Gives the score of one value after another. */
type Scorer = (atUs: number, value: number) => number;

/** How a scorer is made for a file. Only peers that are defined so look at the file before. */
const DETECTORS: Readonly<Record<string, (file: NabFile) => Scorer>> = {
  foreshadow: () => {
    const detector = createOnlineDetector();
    return (atUs, value) => detector.observe(atUs, value).score;
  },
  'windowed-gaussian': () => createWindowedGaussian(),
  'relative-entropy': ({values}) => createRelativeEntropy(values),
  null: () => () => 0.5,
};

/**
 * `npm run bench -- nab`: the Numenta Anomaly Benchmark. Scores every `<category>/<name>.csv` (timestamp,value) of `data`, or of
 * the folder `data` in it, and writes `<out>/<category>/<name>.csv` with the scores of our detector. Where
 * `labels/combined_windows.json` lies in `data` or beside it, all detectors are scored as the benchmark does.
 */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  const root = options.data ?? path.join(import.meta.dirname, '..', '..', 'shared', 'data', 'nab');
  const files = await readFiles(root);
  const out = options.out ?? path.join(import.meta.dirname, 'out', 'nab');
  const figures: Record<string, number> = {};
  const table: Record<string, string | number>[] = [];
  for (const [name, create] of Object.entries(DETECTORS)) {
    const startedUs = cpuUs();
    const scored = files.map((file) => ({file, scores: scoreFile(file, create(file))}));
    const cpuMs = (cpuUs() - startedUs) / 1000;
    const points = files.reduce((total, {values}) => total + values.length, 0);
    const scores = {...profileScores(scored), cpu_ms_per_point: cpuMs / points};
    table.push({detector: name, ...mapValues(scores, (value) => Number(value.toPrecision(3)))});
    if (name !== 'foreshadow') continue;
    Object.assign(figures, scores);
    for (const {file, scores: ofFile} of scored) await writeScores(out, file, ofFile);
  }
  return {name: 'nab', figures, table};
}

function scoreFile({timesUs, values}: NabFile, scorer: Scorer): Float64Array {
  return values.map((value, row) => scorer(timesUs[row] ?? 0, value));
}

function profileScores(scored: readonly {file: NabFile; scores: Float64Array}[]): Record<string, number> {
  const labelled = scored.flatMap(({file: {windows}, scores}): ScoredFile[] =>
    windows === undefined ? [] : [{windows, scores}],
  );
  if (labelled.every(({windows}) => windows.length === 0)) return {};
  return mapValues(PROFILES, (profile: CostProfile) => scoreCorpus(labelled, profile).score);
}

async function readFiles(root: string): Promise<readonly NabFile[]> {
  const data = existsSync(path.join(root, 'data')) ? path.join(root, 'data') : root;
  const labels = await readLabels([root, path.dirname(data)]);
  const names = (await readdir(data, {recursive: true, withFileTypes: true}))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.csv'))
    .map((entry) => path.relative(data, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
  if (names.length === 0)
    throw new Error(`no CSV files in ${data}: name a folder of <category>/<name>.csv by --data`);
  return Promise.all(names.map(async (name) => readNabFile(data, name, labels)));
}

async function readLabels(folders: readonly string[]): Promise<Labels | undefined> {
  const file = folders
    .map((folder) => path.join(folder, 'labels', 'combined_windows.json'))
    .find((candidate) => existsSync(candidate));
  return file === undefined ? undefined : labelsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

async function readNabFile(data: string, name: string, labels: Labels | undefined): Promise<NabFile> {
  const file = path.join(data, name);
  const rows = z.array(rowSchema).parse(parse(await readFile(file, 'utf8'), {columns: true}));
  const timesUs = Float64Array.from(rows, ({timestamp}) => instantUs(timestamp, name));
  const windows = labels?.[name]?.map(([from, to]): RowWindow => {
    const [first, last] = [from, to].map((text) => timesUs.indexOf(instantUs(text, name)));
    if (first === undefined || last === undefined || first < 0 || last < first)
      throw new Error(`${name}: no rows at the ends of its window ${from} to ${to}`);
    return {first, last};
  });
  return {name, rows, timesUs, values: Float64Array.from(rows, readValue), windows};
}

/** An empty cell is unknown, not 0. */
function readValue({value}: Row): number {
  return value.trim() === '' ? Number.NaN : Number(value);
}

function instantUs(text: string, name: string): number {
  const atUs = parseInstantUs(text);
  if (atUs === undefined) throw new Error(`${name}: not a time: "${text}"`);
  return atUs;
}

async function writeScores(out: string, {name, rows}: NabFile, scores: Float64Array): Promise<void> {
  const lines = rows.map(({timestamp, value}, row) => `${timestamp},${value},${scores[row]}\n`);
  const file = path.join(out, name);
  await mkdir(path.dirname(file), {recursive: true});
  await writeFile(file, `timestamp,value,anomaly_score\n${lines.join('')}`);
}

function cpuUs(): number {
  const {user, system} = process.cpuUsage();
  return user + system;
}

function mapValues<T>(
  record: Readonly<Record<string, T>>,
  change: (value: T) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
