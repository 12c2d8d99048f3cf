import os from 'node:os';
import {parseArgs} from 'node:util';

import {renderTable} from '../src/views/table.js';
import type {BenchOptions, BenchResult} from './bench.js';

interface BenchEntry {
  readonly about: string;
  readonly load: () => Promise<{bench(options: BenchOptions): BenchResult | Promise<BenchResult>}>;
}

const BENCHES: Readonly<Record<string, BenchEntry>> = {
  ingest: {
    about: 'ingest of an Alibaba trace beside DuckDB and csv-parse',
    load: () => import('./ingest.js'),
  },
  clickhouse: {
    about: 'ingest into a real ClickHouse server beside ingest into files',
    load: () => import('./clickhouse.js'),
  },
  scale: {
    about: 'what a fleet takes, step by step, worked out from what the others measured',
    load: () => import('./scale.js'),
  },
  'm4-hourly': {
    about: 'forecasting models on M4 Hourly',
    load: async () => (await import('./m4.js')).hourly,
  },
  'm4-weekly': {
    about: 'forecasting models on M4 Weekly',
    load: async () => (await import('./m4.js')).weekly,
  },
  peers: {
    about: "R's forecast and prophet beside our models on the same M4 Hourly series",
    load: () => import('./peers.js'),
  },
  'tensor-step': {
    about: 'a training step on TensorFlow.js beside one written by hand',
    load: () => import('./tensor-step.js'),
  },
  volumes: {
    about: 'forecasts of real volumes at rolling origins',
    load: async () => (await import('./volumes.js')).volumes,
  },
  capacity: {
    about: 'forecasts of what applications had allocated',
    load: async () => (await import('./volumes.js')).capacity,
  },
  fleet: {about: 'a week of forecasts for 10,000 volumes', load: () => import('./fleet.js')},
  plan: {about: 'a certified plan for 1,000 hosts and 100,000 volumes', load: () => import('./plan.js')},
  'replay-capacity': {
    about: 'policies over a real capacity history: reserve against the oracle, share kept',
    load: () => import('./replay-capacity.js'),
  },
  'sudden-growth': {
    about: 'shared with sudden growth as a term of its own, and without',
    load: () => import('./sudden-growth.js'),
  },
  replay: {about: 'all policies over 1,000 volumes, hourly', load: () => import('./replay.js')},
  nab: {
    about: 'anomaly scores of the Numenta Anomaly Benchmark, beside two detectors whose scores are published',
    load: () => import('./nab.js'),
  },
  anomalies: {
    about: 'anomalies put into real volumes: how many are found, beside two plain ways',
    load: () => import('./anomalies.js'),
  },
  seasons: {
    about: 'seasons found in generated series, and in real volumes',
    load: () => import('./seasons.js'),
  },
  drift: {
    about:
      'false alarms of the drift test on nights that do not drift, and nights until those that do are found',
    load: () => import('./drift.js'),
  },
  interceptors: {
    about: 'what interceptors cost: the same load of fio bare and with each',
    load: () => import('./interceptors.js'),
  },
  startup: {about: 'CPU time of foreshadow --help', load: () => import('./startup.js')},
};

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    json: {type: 'boolean', default: false},
    rows: {type: 'string'},
    data: {type: 'string'},
    out: {type: 'string'},
    models: {type: 'string'},
    sets: {type: 'string'},
    volumes: {type: 'string'},
    days: {type: 'string'},
    runs: {type: 'string'},
    'held-out': {type: 'boolean', default: false},
  },
});
const [name] = positionals;
const entry = name === undefined ? undefined : BENCHES[name];
if (entry === undefined) {
  const lines = Object.entries(BENCHES).map(([known, {about}]) => `  ${known.padEnd(18)}${about}`);
  console.log(
    `npm run bench -- NAME [--json] [--rows N] [--data DIR] [--out DIR] [--models A,B] [--sets A,B] [--volumes N] [--days N] [--runs N] [--held-out]\n\n${lines.join('\n')}`,
  );
  process.exitCode = name === undefined ? 0 : 2;
} else {
  await report(await (await entry.load()).bench(benchOptions()));
}

function benchOptions(): BenchOptions {
  return {
    ...(values.rows === undefined ? {} : {rows: wholeNumber('rows', values.rows)}),
    ...(values.days === undefined ? {} : {days: wholeNumber('days', values.days)}),
    ...(values.runs === undefined ? {} : {runs: wholeNumber('runs', values.runs)}),
    ...(values.data === undefined ? {} : {data: values.data}),
    ...(values.out === undefined ? {} : {out: values.out}),
    ...(values.models === undefined ? {} : {models: values.models}),
    ...(values.sets === undefined ? {} : {sets: values.sets}),
    ...(values.volumes === undefined ? {} : {volumes: wholeNumber('volumes', values.volumes)}),
    heldOut: values['held-out'],
  };
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${flag} is not a whole number above 0: "${text}"`);
  return value;
}

async function report(result: BenchResult): Promise<void> {
  const machine = `${os.cpus()[0]?.model ?? 'unknown'} x ${os.cpus().length}, Node ${process.version}`;
  if (values.json) {
    console.log(
      JSON.stringify(
        {name: result.name, machine, figures: result.figures, table: result.table},
        undefined,
        2,
      ),
    );
    return;
  }
  const titles = new Set(result.table.flatMap((row) => Object.keys(row)));
  const columns = [...titles].map((title) => ({title}));
  const rows = result.table.map((row) => columns.map(({title}) => String(row[title] ?? '')));
  console.log(`${result.name} on ${machine}\n${await renderTable(columns, rows)}\n`);
  for (const [figure, value] of Object.entries(result.figures))
    console.log(`${figure}: ${Number(value.toPrecision(4))}`);
}
