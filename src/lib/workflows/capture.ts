import {InputError, sum, TargetError, UsageError} from '../core/index.js';
import {
  type BlockDevice,
  findBlockDevices,
  findInterceptor,
  type Interceptor,
  type InterceptorEnd,
  type InterceptorRun,
  startInterceptor,
} from '../interceptors/index.js';
import type {InputOptions} from '../traces/index.js';
import type {IngestResult} from './ingest-files.js';
import {ingestIntoStore, type StoreRequest} from './ingest-into-store.js';
import {readVolumeNames} from './read-volume-names.js';

type FromIngest = Omit<
  StoreRequest,
  'paths' | 'stdin' | 'options' | 'lostEvents' | 'stop' | 'signal' | 'hurry'
>;

export interface CaptureRequest extends FromIngest {
  /** A name of INTERCEPTORS. */
  readonly interceptor: string;
  /** Block devices as the user calls them. */
  readonly devices: readonly string[];
  /** Arguments of the program itself. */
  readonly programArguments: readonly string[];
  readonly options: Pick<InputOptions, 'volume' | 'volumePrefix' | 'skewUs'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly userId: number | undefined;
  /** When the kernel's monotonic clock was 0, epoch us. */
  readonly bootUs: number;
  /** Ends the capture: the interceptor is ended, and all that it logged is committed. */
  readonly signal: AbortSignal;
  /** Told each line of what the interceptor says beside its log. */
  readonly onLine?: (line: string) => void;
}

export interface CaptureResult extends IngestResult {
  readonly interceptor: string;
  /** Events that the interceptor says it lost: requests that are not in the store. */
  readonly lostEvents: number;
}

/**
 * Runs an interceptor and reads what it logs into the shadow store, in batches, until it ends or the signal ends it.
 * Nothing that it logged is left out then. Throws UsageError when it cannot be started as asked, TargetError when it
 * fails (what it logged before is committed), and what ingestIntoStore throws.
 */
export async function capture(request: CaptureRequest): Promise<CaptureResult> {
  const {interceptor: name, devices, programArguments, environment, userId, onLine, signal} = request;
  const interceptor = findInterceptor(name);
  refuseUnfit(name, interceptor, request);
  const found = await findBlockDevices(devices);
  const volumeNames = await namesOf(found, request.volumeNamesPath);
  const run = await startInterceptor({
    interceptor,
    choice: {deviceNumbers: found.map(({number}) => number), programArguments},
    ...{environment, userId},
    ...(onLine === undefined ? {} : {onLine}),
  });
  const stop = (): void => {
    run.stop();
  };
  signal.addEventListener('abort', stop, {once: true});
  if (signal.aborted) stop();
  try {
    const result = await readLog(run, interceptor, {...request, volumeNames});
    const end = await run.ended;
    if (!signal.aborted && end.exitCode !== 0) throw failed(interceptor, end, result);
    const told = result.inputs.map((input) => input.lostEvents ?? 0);
    // What is lost after the last row of all is in no batch.
    return {...result, interceptor: name, lostEvents: Math.max(sum(told), run.lostEvents())};
  } finally {
    stop();
    signal.removeEventListener('abort', stop);
  }
}

function refuseUnfit(
  name: string,
  {takes, example}: Interceptor,
  {devices, programArguments, options}: CaptureRequest,
): void {
  const [needed, other] = takes === 'devices' ? [devices, programArguments] : [programArguments, devices];
  const [neededName, otherName] =
    takes === 'devices'
      ? ['--device', 'arguments of its own']
      : ['arguments of its own after --', '--device'];
  if (needed.length === 0)
    throw new UsageError('nothing-to-capture', `${name} needs ${neededName}`, {hints: [example]});
  if (other.length > 0)
    throw new UsageError('unused-option', `${name} takes no ${otherName}`, {hints: [example]});
  if (options.volume !== undefined && devices.length > 1)
    throw new UsageError('unused-option', '--volume names one volume, and there are several devices', {
      hints: ['--volume-names FILE names each'],
    });
}

/** Devices are called as the user did; a map of names may say otherwise, by that or by their numbers. */
async function namesOf(
  devices: readonly BlockDevice[],
  file: string | undefined,
): Promise<ReadonlyMap<string, string>> {
  const told = file === undefined ? new Map<string, string>() : await readVolumeNames(file);
  const names = new Map(told);
  for (const {name, numbers} of devices)
    names.set(numbers, told.get(numbers) ?? told.get(name) ?? told.get(`/dev/${name}`) ?? name);
  return names;
}

async function readLog(
  run: InterceptorRun,
  {format, relativeTo}: Interceptor,
  request: CaptureRequest & {readonly volumeNames: ReadonlyMap<string, string>},
): Promise<IngestResult> {
  const {options, volumeNames, bootUs, nowUs} = request;
  const startUs = {boot: bootUs, start: nowUs};
  try {
    return await ingestIntoStore({
      ...request,
      // A signal ends the interceptor, and so its log; names are among the options.
      signal: undefined,
      volumeNamesPath: undefined,
      paths: ['-'],
      stdin: run.log,
      options: {
        ...options,
        format,
        ...(relativeTo === undefined ? {} : {startUs: startUs[relativeTo]}),
        ...(volumeNames.size === 0 ? {} : {volumeNames}),
      },
      hurry: Promise.resolve(),
      lostEvents: () => run.lostEvents(),
    });
  } catch (error) {
    if (error instanceof InputError && error.code === 'empty-input') return NOTHING;
    throw error;
  }
}

const NOTHING: IngestResult = {
  batchIds: [],
  inputs: [],
  skipped: [],
  totals: {
    ...{rows: 0, rejectedRows: 0, blankRows: 0, lateRows: 0},
    ...{volumes: 0, minutes: 0, footprintGrowthBytes: 0, firstUs: undefined, lastUs: undefined},
  },
  rejects: [],
};

function failed(
  {program}: Interceptor,
  {exitCode, signal, lastWords}: InterceptorEnd,
  {totals: {rows}}: IngestResult,
): TargetError {
  const how = exitCode === null ? `was ended by ${signal ?? 'a signal'}` : `ended with exit code ${exitCode}`;
  const stays =
    rows === 0 ? 'nothing was captured' : `the ${rows} rows that it logged before are in the store`;
  const isUnmounted = lastWords.some((line) => /tracepoint not found|tracefs|debugfs/i.test(line));
  return new TargetError('interceptor-failed', `${program} ${how}; ${stays}`, {
    diagnostics: lastWords
      .slice(-5)
      .map((message) => ({severity: 'error', code: 'interceptor-said', message})),
    hints: isUnmounted
      ? ['mount -t tracefs none /sys/kernel/tracing']
      : [`see what ${program} says, or run it by hand as interceptors/README.md does`],
  });
}
