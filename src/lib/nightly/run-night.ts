import {writeFileAtomically} from '../core/index.js';
import {fingerprintOf, hashesOf, readRecord, type StepRecord, writeRecord} from './night-record.js';
import type {NightAnswer, NightCall, NightStep, Prepared, StepOutcome} from './night-step.js';

const CHECK_FAILED = 4;
const CHANGES_PENDING = 7;
const INTERRUPTED = 130;
/** After these the night goes on: they are results. */
const RESULTS: readonly number[] = [0, CHECK_FAILED, CHANGES_PENDING];

export interface NightOptions {
  /** Where it is kept what the steps of the last night read and wrote. */
  readonly recordPath: string;
  readonly tool: string;
  /** ISO 8601; asked when a step is done. */
  readonly createdAt: () => string;
  readonly call: (call: NightCall) => Promise<NightAnswer>;
  /** What foreshadow.yaml and the environment add to a call. */
  readonly settingsOf: (argv: readonly string[]) => Promise<readonly string[]>;
  readonly signal: AbortSignal;
  readonly onBegin: (step: string) => void;
  readonly onEnd: (outcome: StepOutcome) => void;
}

/**
 * Runs the steps in order. A step is passed over when it would make the same calls on the same inputs as in its last run,
 * and what that wrote is still there; a run that was killed is gone on from there. A check that fails (exit 4) is a result;
 * any other error ends the night.
 */
export async function runNight(
  steps: readonly NightStep[],
  options: NightOptions,
): Promise<readonly StepOutcome[]> {
  const record = new Map(await readRecord(options.recordPath));
  const outcomes: StepOutcome[] = [];
  for (const step of steps) {
    const isOver = options.signal.aborted || outcomes.some(({status}) => status === 'failed');
    const outcome: StepOutcome = isOver
      ? {name: step.name, status: 'not-run', exitCode: 0, outputs: []}
      : await runStep(step, record, options);
    outcomes.push(outcome);
    options.onEnd(outcome);
  }
  return outcomes;
}

/** The exit code of the whole night: of the error that ended it; else 4 when a check failed; else 7 when changes are pending. */
export function exitCodeOfNight(outcomes: readonly StepOutcome[]): number {
  const codes = outcomes.map(({exitCode}) => exitCode);
  const error = codes.find((code) => !RESULTS.includes(code));
  return error ?? [CHECK_FAILED, CHANGES_PENDING].find((code) => codes.includes(code)) ?? 0;
}

async function runStep(
  {name, prepare}: NightStep,
  record: Map<string, StepRecord>,
  options: NightOptions,
): Promise<StepOutcome> {
  options.onBegin(name);
  const prepared = await prepare();
  if (prepared.kind === 'leave-out')
    return {name, status: 'left-out', exitCode: 0, why: prepared.why, outputs: []};
  const fingerprint = await fingerprintOfRun(prepared, options);
  const last = record.get(name);
  const mayPass = prepared.asksOutside !== true && last?.fingerprint === fingerprint;
  if (mayPass && (await isIntact(last)))
    return {name, status: 'unchanged', exitCode: last.exitCode, why: last.why, outputs: prepared.outputs};
  const {exitCode, message, isError} = await makeCalls(prepared.calls, options);
  const {outputs} = prepared;
  if (isError) return {name, status: 'failed', exitCode, why: message, outputs: []};
  record.set(name, {fingerprint, exitCode, ...(message && {why: message}), outputs: await hashesOf(outputs)});
  await writeRecord(options.recordPath, record, {tool: options.tool, createdAt: options.createdAt()});
  return {name, status: 'done', exitCode, why: message ?? prepared.why, outputs};
}

async function fingerprintOfRun(
  {calls, inputs}: Prepared & {kind: 'run'},
  {tool, settingsOf}: NightOptions,
): Promise<string> {
  const settings = await Promise.all(calls.map(({argv}) => settingsOf(argv)));
  return fingerprintOf({tool, calls: calls.map(({argv}) => argv), settings, inputs});
}

async function isIntact({outputs}: StepRecord): Promise<boolean> {
  const now = await hashesOf(Object.keys(outputs));
  return Object.entries(outputs).every(([path, hash]) => now[path] === hash);
}

/** Until one ends the night. The worst result of those that were made counts. */
async function makeCalls(
  calls: readonly NightCall[],
  options: NightOptions,
): Promise<{readonly exitCode: number; readonly message?: string; readonly isError: boolean}> {
  const codes: number[] = [];
  const reasons: string[] = [];
  for (const call of calls) {
    const answer = await options.call(call);
    if (!isResult(answer))
      return {exitCode: answer.exitCode, message: messageOf(call, answer), isError: true};
    if (call.out !== undefined) await writeFileAtomically(call.out, answer.text);
    codes.push(answer.exitCode);
    const reason = answer.exitCode === CHECK_FAILED ? call.whyFailed?.(answer.document) : undefined;
    if (reason !== undefined) reasons.push(reason);
  }
  return {
    exitCode: [CHECK_FAILED, CHANGES_PENDING].find((code) => codes.includes(code)) ?? 0,
    ...(reasons.length > 0 && {message: reasons.join('; ')}),
    isError: false,
  };
}

/** A check that could not be made ends with 4, too, and with an error in place of a result. */
function isResult({exitCode, document}: NightAnswer): boolean {
  const isError = typeof document === 'object' && document !== null && 'error' in document;
  return RESULTS.includes(exitCode) && !isError;
}

function messageOf({argv}: NightCall, {document, exitCode}: NightAnswer): string {
  if (exitCode === INTERRUPTED) return 'interrupted';
  const error: unknown =
    typeof document === 'object' && document !== null ? Reflect.get(document, 'error') : undefined;
  const message: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'message') : undefined;
  const said = typeof message === 'string' ? message : 'it said nothing that can be read';
  return `foreshadow ${argv[0] ?? ''} ended with ${exitCode}: ${said}`;
}
