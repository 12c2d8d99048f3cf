import {randomBytes} from 'node:crypto';
import {mkdtemp, rm, stat, statfs, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {probeSolver} from '../allocation/index.js';
import {
  createRandom,
  errorText,
  formatBytes,
  formatDurationRoughly,
  formatInstantUs,
  InputError,
  ToolError,
  US_PER_SECOND,
} from '../core/index.js';
import {forecastModel, openTensorBackend} from '../forecasting/index.js';
import {isClickHouseUrl, openShadowStore, readParquet, writeParquet} from '../shadow-store/index.js';
import {openTarget, type TargetAccess} from '../storage-apis/index.js';
import {lintTopology, readTopology} from '../topology/index.js';

/** `skip`: nothing says that it is wanted. */
export type FindingState = 'ok' | 'warn' | 'fail' | 'skip';

/** What one check found. */
export interface DoctorFinding {
  readonly about: string;
  readonly state: FindingState;
  readonly message: string;
  /** What to do. */
  readonly advice?: string | undefined;
}

export interface DiagnoseOptions {
  /** `v22.12.0`, and the range that package.json asks for. */
  readonly node: {readonly version: string; readonly wanted: string};
  readonly memoryBytes: number;
  readonly storePath: string;
  readonly topologyPath: string | undefined;
  readonly target: string | undefined;
  readonly access: TargetAccess | undefined;
  /** A folder for a small file, which is removed. */
  readonly scratchFolder: string;
  readonly nowUs: () => number;
  readonly signal: AbortSignal;
}

export interface Diagnosis {
  readonly findings: readonly DoctorFinding[];
  /** Nothing failed. */
  readonly isWell: boolean;
}

const LEAST_FREE_BYTES = 2 ** 30;
const LEAST_MEMORY_BYTES = 2 ** 31;
/** A clock that is so far off its disk's is wrong. */
const MOST_CLOCK_SKEW_US = 60 * US_PER_SECOND;
const STALE_US = 2 * 86_400 * US_PER_SECOND;

/** Tries everything that foreshadow needs, by doing a little of it. Checks that throw are findings, not errors. */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const checks: readonly (readonly [
    string,
    (options: DiagnoseOptions) => Promise<Omit<DoctorFinding, 'about'>>,
  ])[] = [
    ['Node', checkNode],
    ['memory', checkMemory],
    ['DuckDB and disk', checkEngine],
    ['solver', checkSolver],
    ['TensorFlow.js', checkTensors],
    ['Prophet', checkProphet],
    ['clock', checkClock],
    ['store', checkStore],
    ['topology', checkTopology],
    ['target', checkTarget],
  ];
  const findings: DoctorFinding[] = [];
  for (const [about, check] of checks) {
    options.signal.throwIfAborted();
    findings.push({about, ...(await check(options).catch(asFinding))});
  }
  return {findings, isWell: findings.every(({state}) => state !== 'fail')};
}

function asFinding(error: unknown): Omit<DoctorFinding, 'about'> {
  const advice = error instanceof ToolError ? error.hints[0] : undefined;
  return {state: 'fail', message: errorText(error).split('\n', 1)[0] ?? '', advice};
}

function checkNode({node}: DiagnoseOptions): Promise<Omit<DoctorFinding, 'about'>> {
  const [major = 0, minor = 0] = node.version.replace(/^v/, '').split('.').map(Number);
  const isFit = (major === 20 && minor >= 19) || major > 22 || (major === 22 && minor >= 12);
  return Promise.resolve(
    isFit
      ? {state: 'ok', message: node.version}
      : {state: 'fail', message: `${node.version} is not ${node.wanted}`, advice: 'install a newer Node'},
  );
}

function checkMemory({memoryBytes}: DiagnoseOptions): Promise<Omit<DoctorFinding, 'about'>> {
  const isEnough = memoryBytes >= LEAST_MEMORY_BYTES;
  return Promise.resolve({
    state: isEnough ? 'ok' : 'warn',
    message: formatBytes(memoryBytes),
    advice: isEnough ? undefined : 'ingest --memory 256MiB',
  });
}

/** Writes a Parquet file and reads it back. */
async function checkEngine({scratchFolder}: DiagnoseOptions): Promise<Omit<DoctorFinding, 'about'>> {
  const folder = await mkdtemp(
    path.join(scratchFolder, `foreshadow-doctor-${randomBytes(4).toString('hex')}`),
  );
  try {
    const file = path.join(folder, 'probe.parquet');
    await writeParquet('value\n42\n', {value: 'INTEGER'}, file);
    const {rows} = await readParquet(file);
    if (rows[0]?.[0] !== 42) throw new Error(`a Parquet file reads back as ${JSON.stringify(rows)}`);
    const {bavail, bsize} = await statfs(folder);
    const freeBytes = bavail * bsize;
    const isEnough = freeBytes >= LEAST_FREE_BYTES;
    return {
      state: isEnough ? 'ok' : 'warn',
      message: `a Parquet file written and read; ${formatBytes(freeBytes)} free in ${scratchFolder}`,
      advice: isEnough ? undefined : 'free some space, or set TMPDIR',
    };
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

async function checkSolver(): Promise<Omit<DoctorFinding, 'about'>> {
  await probeSolver();
  return {state: 'ok', message: 'HiGHS solves a linear program'};
}

async function checkTensors(): Promise<Omit<DoctorFinding, 'about'>> {
  const {name, refused} = await openTensorBackend();
  const WORDS = {node: 'native', wasm: 'WebAssembly', cpu: 'plain JavaScript'};
  return {
    state: name === 'cpu' ? 'warn' : 'ok',
    message: `${WORDS[name]} multiplies matrices${refused.length === 0 ? '' : `; not taken: ${refused.join('; ')}`}`,
    advice:
      name === 'cpu'
        ? 'npm install @tensorflow/tfjs-backend-wasm: networks train much slower like this'
        : undefined,
  };
}

/** Fits two weeks of days. */
async function checkProphet({signal}: DiagnoseOptions): Promise<Omit<DoctorFinding, 'about'>> {
  const values = Float64Array.from({length: 48}, (_, step) => 100 + step);
  const series = {id: 'probe', startUs: 0, stepSeconds: 3600, values};
  const context = {horizonSteps: 2, seasonSteps: [24], signal};
  await forecastModel('prophet').fit([series], {
    ...context,
    random: createRandom(1),
    onProgress: () => undefined,
  });
  return {state: 'ok', message: "Stan's optimiser in WebAssembly fits a series"};
}

/** Against the disk's clock, which on network storage is another machine's, and against the newest data. */
async function checkClock({scratchFolder, nowUs}: DiagnoseOptions): Promise<Omit<DoctorFinding, 'about'>> {
  const file = path.join(scratchFolder, `foreshadow-doctor-${randomBytes(4).toString('hex')}`);
  try {
    await writeFile(file, '');
    const skewUs = Math.abs((await stat(file)).mtimeMs * 1000 - nowUs());
    if (skewUs <= MOST_CLOCK_SKEW_US) return {state: 'ok', message: formatInstantUs(nowUs())};
    const off = formatDurationRoughly(skewUs / US_PER_SECOND);
    return {
      state: 'fail',
      message: `${off} away from the clock of ${scratchFolder}`,
      advice: 'synchronise clocks (NTP)',
    };
  } finally {
    await rm(file, {force: true});
  }
}

async function checkStore({storePath, nowUs}: DiagnoseOptions): Promise<Omit<DoctorFinding, 'about'>> {
  const isThere =
    isClickHouseUrl(storePath) ||
    (await stat(storePath).then(
      () => true,
      () => false,
    ));
  if (!isThere)
    return {state: 'skip', message: `there is none at ${storePath} yet`, advice: 'foreshadow ingest --help'};
  const store = await openShadowStore(storePath);
  try {
    const {volumeCount, endUs} = store.info();
    if (endUs === undefined)
      return {state: 'warn', message: `${storePath} is empty`, advice: 'foreshadow ingest --help'};
    const aheadUs = endUs - nowUs();
    const told = `${storePath}: ${volumeCount} volumes up to ${formatInstantUs(endUs)}`;
    if (aheadUs > MOST_CLOCK_SKEW_US)
      return {
        state: 'warn',
        message: `${told}, which is yet to come`,
        advice: 'check clock, --time-zone and --start',
      };
    if (-aheadUs > STALE_US)
      return {state: 'warn', message: `${told}: nothing new since`, advice: 'foreshadow ingest, or --as-of'};
    return {state: 'ok', message: told};
  } finally {
    store.close();
  }
}

async function checkTopology({topologyPath}: DiagnoseOptions): Promise<Omit<DoctorFinding, 'about'>> {
  if (topologyPath === undefined)
    return {state: 'skip', message: 'none is named', advice: '--topology cluster.yaml'};
  const topology = await readTopology(topologyPath);
  const errors = lintTopology(topology).filter(({severity}) => severity === 'error').length;
  const advice = `foreshadow topology check ${topologyPath}`;
  const told = `${topologyPath}: ${topology.hosts.length} hosts, ${topology.volumes.length} volumes`;
  return errors === 0
    ? {state: 'ok', message: told}
    : {state: 'fail', message: `${told}, ${errors} errors`, advice};
}

async function checkTarget({target, access}: DiagnoseOptions): Promise<Omit<DoctorFinding, 'about'>> {
  if (target === undefined)
    return {state: 'skip', message: 'none is named', advice: '--target file:buffers.json'};
  if (access === undefined) throw new InputError('no-access', 'nothing says how the target is reached');
  const opened = openTarget(target, access);
  const {settings, troubles = []} = await opened.readInventory();
  const told = `${opened.name} answers: ${settings.size} settings`;
  return troubles.length === 0
    ? {state: 'ok', message: told}
    : {state: 'warn', message: `${told}; ${troubles.join(', ')}`};
}
