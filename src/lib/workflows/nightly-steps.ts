import path from 'node:path';

import {glob} from 'tinyglobby';
import {z} from 'zod';

import type {ConfigSource} from '../configuration/index.js';
import {
  formatDurationRoughly,
  formatInstantUs,
  type Granularity,
  InputError,
  readArtifact,
  sha256Hex,
  US_PER_SECOND,
} from '../core/index.js';
import {type Plan, PLAN_KIND} from '../allocation/index.js';
import {readModelFile} from '../forecasting/index.js';
import {hashesOf, type NightCall, type NightStep, type Prepared} from '../nightly/index.js';
import {isClickHouseUrl, openShadowStore} from '../shadow-store/index.js';
import {fileStates, topologyHashes} from './file-states.js';
import {
  type Advice,
  championKind,
  type ChosenModels,
  chooseModels,
  kindsOf,
  METRIC,
  modelFilesOf,
  readAdvice,
} from './nightly-models.js';

/** What the steps of a night go by. */
export interface NightlySettings {
  readonly storePath: string;
  readonly topologyPath: string;
  /** Folder of the results. */
  readonly out: string;
  /** What is ingested, and where the file says so. */
  readonly sources: readonly ConfigSource[];
  readonly configPath: string | undefined;
  readonly granularity: Granularity;
  /** The model that is trained first; monitor may replace it by a challenger. */
  readonly model: string;
  readonly challengers: readonly string[];
  readonly retrainAfterSeconds: number;
  /** What holds the buffers; undefined: nothing is compared with what is held. */
  readonly target: string | undefined;
  /** The end of the data in the store when absent. */
  readonly asOfUs?: number | undefined;
  /** Arguments of `ingest` for a source. */
  readonly argumentsOf: (source: ConfigSource) => readonly string[];
}

/** What steps tell those after them. */
interface Night {
  /** Set once the new data are in, unless it was told. */
  asOfUs: number | undefined;
}

type StepOptions = NightlySettings & {readonly night: Night};

/** The steps in their order. */
export function nightSteps(options: StepOptions): readonly NightStep[] {
  const step = (name: string, prepare: (chain: Chain) => Promise<Prepared>): NightStep => ({
    name,
    prepare: async () => prepare(await chainOf(options)),
  });
  return [
    {name: 'ingest', prepare: () => prepareIngest(options)},
    step('patterns', preparePatterns),
    step('monitor', prepareMonitor),
    step('train', prepareTrain),
    step('forecast', prepareForecast),
    step('plan', preparePlan),
    step('gate', prepareGate),
    step('report', prepareReport),
  ];
}

/** What all steps but the first go by. */
interface Chain {
  readonly options: StepOptions;
  readonly asOfUs: number;
  /** `--store S --as-of T` */
  readonly common: readonly string[];
  /** Of what is in the store. */
  readonly storeSha256: string;
  readonly file: (name: string) => string;
}

async function chainOf(options: StepOptions): Promise<Chain> {
  const {batches, endUs} = await contentOf(options.storePath);
  const asOfUs = (options.night.asOfUs ??= endUs);
  if (asOfUs === undefined) {
    throw new InputError('empty-store', `${options.storePath}: there is nothing in the store yet`, {
      hints: ['sources: in foreshadow.yaml', 'foreshadow ingest --help'],
    });
  }
  return {
    options,
    asOfUs,
    common: ['--store', options.storePath, '--as-of', formatInstantUs(asOfUs)],
    storeSha256: sha256Hex(batches.join('\n')),
    file: (name) => path.join(options.out, name),
  };
}

async function contentOf(
  storePath: string,
): Promise<{readonly batches: readonly string[]; readonly endUs: number | undefined}> {
  const store = await openShadowStore(storePath);
  try {
    const {batches, endUs} = store.info();
    return {batches: batches.map(({batchId}) => batchId).sort(), endUs};
  } finally {
    store.close();
  }
}

async function prepareIngest(options: StepOptions): Promise<Prepared> {
  const {sources, storePath, configPath = 'foreshadow.yaml'} = options;
  if (sources.length === 0) return {kind: 'leave-out', why: `no sources in ${configPath}`};
  const calls: NightCall[] = [];
  const files: string[] = [];
  // A store that is gone is filled anew.
  const outputs = isClickHouseUrl(storePath) ? [] : [path.join(storePath, 'store.json')];
  for (const source of sources) {
    const found = await filesOf(source, configPath);
    files.push(...found);
    calls.push({argv: ['ingest', ...found, '--store', storePath, ...options.argumentsOf(source)]});
  }
  return {kind: 'run', calls, inputs: {files: await fileStates(files)}, outputs};
}

/** Sorted, so that the same files are the same call. */
async function filesOf({files, line}: ConfigSource, configPath: string): Promise<readonly string[]> {
  const found = await glob([...files], {onlyFiles: true, expandDirectories: false, dot: true});
  if (found.length > 0) return found.sort();
  throw new InputError('no-files', `${configPath}:${line}: no file is called ${files.join(' or ')}`, {
    hints: ['a path from the working folder, in which * and ** stand for any'],
  });
}

function preparePatterns({options, common, storeSha256, file}: Chain): Promise<Prepared> {
  const {granularity} = options;
  const outputs = [file('patterns.json'), file('anomalies.json'), file('anomalies-found.json')];
  const [patterns, anomalies, found] = outputs;
  return Promise.resolve({
    kind: 'run',
    calls: [
      {argv: ['patterns', ...common, '--granularity', granularity], out: patterns},
      {
        argv: ['patterns', 'anomalies', ...common, '--granularity', granularity, '--out', anomalies ?? ''],
        out: found,
      },
    ],
    inputs: {storeSha256},
    outputs,
  });
}

async function prepareMonitor({options, common, storeSha256, file}: Chain): Promise<Prepared> {
  const {topologyPath} = options;
  const out = file('monitor.json');
  return {
    kind: 'run',
    calls: [{argv: ['monitor', ...common, '--topology', topologyPath], out, whyFailed: failedChecks}],
    inputs: {storeSha256, ...(await topologyHashes(topologyPath))},
    outputs: [out],
  };
}

function failedChecks(document: unknown): string {
  const {checks} = z
    .object({checks: z.array(z.object({about: z.string(), passed: z.boolean(), message: z.string()}))})
    .parse(document);
  return checks.flatMap(({about, passed, message}) => (passed ? [] : [`${about}: ${message}`])).join('; ');
}

async function prepareTrain(chain: Chain): Promise<Prepared> {
  const {options, asOfUs, common, storeSha256} = chain;
  const advice = await readAdvice(chain.file('monitor.json'), options.granularity);
  const due: {readonly model: string; readonly why: string}[] = [];
  for (const model of kindsOf(options, advice)) {
    const [latest] = await modelFilesOf(model, options);
    const trainedUntilUs = latest === undefined ? undefined : (await readModelFile(latest)).trainedOn.untilUs;
    const why = whyDue(
      {options, asOfUs, trainedUntilUs},
      model === championKind(options, advice) ? advice : undefined,
    );
    if (why !== undefined) due.push({model, why});
  }
  if (due.length === 0) return {kind: 'leave-out', why: 'no model is due'};
  const flags = ['--granularity', options.granularity, '--metric', METRIC];
  return {
    kind: 'run',
    why: due.map(({model, why}) => `${model}: ${why}`).join('; '),
    calls: due.map(({model}) => ({argv: ['train', ...common, '--model', model, ...flags]})),
    inputs: {storeSha256},
    outputs: [],
  };
}

/** Why a model is to be trained now. */
function whyDue(
  {
    options,
    asOfUs,
    trainedUntilUs,
  }: {
    readonly options: NightlySettings;
    readonly asOfUs: number;
    readonly trainedUntilUs: number | undefined;
  },
  advice: Advice | undefined,
): string | undefined {
  if (trainedUntilUs === undefined) return 'there is none yet';
  const ageSeconds = (asOfUs - trainedUntilUs) / US_PER_SECOND;
  if (ageSeconds >= options.retrainAfterSeconds)
    return `the last was trained on data up to ${formatDurationRoughly(ageSeconds)} ago`;
  return advice?.action === 'retrain' && ageSeconds > 0 ? 'monitor found drift' : undefined;
}

async function chosenModels({options, asOfUs, file}: Chain): Promise<ChosenModels> {
  const {storePath, granularity} = options;
  const advice = await readAdvice(file('monitor.json'), granularity);
  return chooseModels(options, advice, {storePath, granularity, asOfUs});
}

async function prepareForecast(chain: Chain): Promise<Prepared> {
  const {options, common, storeSha256, file} = chain;
  const {topologyPath, granularity} = options;
  const {champion, challengers} = await chosenModels(chain);
  const flags = [...common, '--granularity', granularity, '--topology', topologyPath, '--keep'];
  const own = ['--out', file('forecast.parquet'), '--boundaries-out', file('boundaries.csv'), '--adapt'];
  return {
    kind: 'run',
    calls: [
      {argv: ['forecast', ...flags, '--model-file', champion, ...own], out: file('forecast.json')},
      ...challengers.map((model) => ({
        argv: ['forecast', ...flags, '--model-file', model, '--role', 'challenger'],
      })),
    ],
    inputs: {storeSha256, ...(await topologyHashes(topologyPath))},
    outputs: [file('forecast.json'), file('forecast.parquet'), file('boundaries.csv')],
  };
}

async function preparePlan(chain: Chain): Promise<Prepared> {
  const {options, common, storeSha256, file} = chain;
  const {topologyPath, granularity, target} = options;
  const {champion} = await chosenModels(chain);
  const plan = file('plan.json');
  const flags = ['--topology', topologyPath, '--granularity', granularity, '--model-file', champion];
  const held = target === undefined ? [] : ['--target', target];
  return {
    kind: 'run',
    calls: [
      {
        argv: ['plan', ...common, ...flags, ...held, '--certificate', '--keep', '--out', plan],
        out: file('plan-summary.json'),
        whyFailed: () => 'the plan is not feasible',
      },
    ],
    inputs: {storeSha256, ...(await topologyHashes(topologyPath))},
    asksOutside: target !== undefined,
    outputs: [plan, file('plan-summary.json')],
  };
}

/** The independent checker, and what of the plan is not held yet. */
async function prepareGate({options, asOfUs, file}: Chain): Promise<Prepared> {
  const {topologyPath, target} = options;
  const plan = file('plan.json');
  const [verified, pending] = [file('gate-verify.json'), file('gate-pending.json')];
  const {feasible} = await readArtifact<Plan>(plan, PLAN_KIND);
  if (!feasible) return {kind: 'leave-out', why: 'the plan is not feasible: nothing of it is to be applied'};
  const compare = target !== undefined;
  const asOf = ['--as-of', formatInstantUs(asOfUs)];
  return {
    kind: 'run',
    calls: [
      {
        argv: ['plan', 'verify', plan, '--topology', topologyPath],
        out: verified,
        whyFailed: () => 'what was planned does not pass the checker',
      },
      ...(compare
        ? [
            {
              argv: ['apply', plan, '--target', target, '--dry-run', '--detailed-exitcode', ...asOf],
              out: pending,
            },
          ]
        : []),
    ],
    inputs: {...(await hashesOf([plan])), ...(await topologyHashes(topologyPath))},
    asksOutside: compare,
    outputs: compare ? [verified, pending] : [verified],
  };
}

async function prepareReport(chain: Chain): Promise<Prepared> {
  const {options, common, storeSha256, file} = chain;
  const {topologyPath} = options;
  const {champion} = await chosenModels(chain);
  const report = file('report.html');
  const found = ['plan', 'patterns', 'anomalies', 'monitor', 'replay', 'evaluation'];
  const given = found.map((name) => `${name}.json`);
  const hashes = await hashesOf(given.map(file));
  const flags = given.flatMap((name) => {
    const isThere = hashes[file(name)] !== 'missing';
    return isThere ? [`--${name.replace('.json', '')}`, file(name)] : [];
  });
  return {
    kind: 'run',
    calls: [
      {
        argv: [
          'report',
          ...common,
          '--topology',
          topologyPath,
          '--model-file',
          champion,
          ...flags,
          '--out',
          report,
        ],
        out: file('report.json'),
      },
    ],
    inputs: {storeSha256, ...hashes, ...(await topologyHashes(topologyPath))},
    outputs: [report],
  };
}
