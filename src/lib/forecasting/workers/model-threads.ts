import {availableParallelism} from 'node:os';
import {Worker} from 'node:worker_threads';

import {InputError, invariant, UsageError, type Series} from '../../core/index.js';
import type {FitOptions, ModelThreads} from '../model.js';
import type {Answer, Task} from './messages.js';

const WORKER = new URL('./model-worker.js', import.meta.url);

/** Starting threads costs more than they save on fewer series. */
const FEW_SERIES = 48;

/**
 * An action with so many threads (as many as there are cores when absent), closed afterwards. Without them, as with one: when
 * the panel is small, or there is no program that threads can run, since only what is built is JavaScript.
 */
export async function withModelThreads<T>(
  {
    count,
    series,
    signal,
  }: {readonly count?: number | undefined; readonly series: number; readonly signal?: AbortSignal},
  action: (threads: ModelThreads | undefined) => Promise<T>,
): Promise<T> {
  const wanted = count ?? (series < FEW_SERIES ? 1 : availableParallelism());
  if (wanted === 1 || !import.meta.url.endsWith('.js')) return action(undefined);
  const threads = openModelThreads(wanted, signal);
  try {
    return await action(threads);
  } finally {
    await threads.close();
  }
}

/** Threads that fit and predict, one task each at a time; they start with their first task. */
function openModelThreads(count: number, signal?: AbortSignal): ModelThreads & {close(): Promise<void>} {
  const free: Worker[] = [];
  const all: Worker[] = [];
  const waiting: ((worker: Worker) => void)[] = [];
  const take = (): Promise<Worker> => {
    const worker = free.pop() ?? (all.length < count ? started(all) : undefined);
    return worker ? Promise.resolve(worker) : new Promise((resolve) => waiting.push(resolve));
  };
  const giveBack = (worker: Worker): void => {
    const next = waiting.shift();
    if (next) next(worker);
    else free.push(worker);
  };
  let isClosed = false;
  const run = async (task: Task, listener: Listener = {}): Promise<Answer> => {
    invariant(!isClosed, 'a model was asked after its threads had been closed');
    const worker = await take();
    try {
      signal?.throwIfAborted();
      return await ask(worker, task, signal, listener);
    } finally {
      giveBack(worker);
    }
  };
  const predict = (
    wantsBands: boolean,
    [model, saved, histories, horizonSteps]: Parameters<ModelThreads['predict']>,
  ): Promise<Answer> =>
    run({kind: 'predict', model, saved, histories: histories.map(copied), horizonSteps, wantsBands});
  return {
    fit: async (model, panel, {horizonSteps, seasonSteps, random, checkpoints, ...listener}) => {
      const given = {panel: panel.map(copied), horizonSteps, seasonSteps, seed: random.seed, checkpoints};
      const answer = await run({kind: 'fit', model, ...given}, listener);
      invariant(answer.kind === 'fitted', `a thread answered a fit by ${answer.kind}`);
      return answer.saved;
    },
    predict: async (...asked) => {
      const answer = await predict(false, asked);
      invariant(answer.kind === 'points', `a thread answered a prediction by ${answer.kind}`);
      return answer.points;
    },
    predictBands: async (...asked) => {
      const answer = await predict(true, asked);
      invariant(answer.kind === 'bands', `a thread answered a prediction by ${answer.kind}`);
      return answer.bands;
    },
    close: async () => {
      isClosed = true;
      await Promise.all(all.map((worker) => worker.terminate()));
    },
  };
}

type Listener = Pick<FitOptions, 'onProgress' | 'onRemark'>;

function started(all: Worker[]): Worker {
  const worker = new Worker(WORKER);
  worker.setMaxListeners(0);
  all.push(worker);
  return worker;
}

/** A view on a longer buffer would be passed with all of it. */
function copied(series: Series): Series {
  return {...series, values: series.values.slice()};
}

function ask(
  worker: Worker,
  task: Task,
  signal: AbortSignal | undefined,
  {onProgress, onRemark}: Listener,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      worker.off('message', hear);
      worker.off('error', fail);
      signal?.removeEventListener('abort', stop);
      action();
    };
    const hear = (answer: Answer): void => {
      if (answer.kind === 'progress') onProgress?.(answer.progress);
      else if (answer.kind === 'remark') onRemark?.(answer.text);
      else
        settle(() => {
          outcome(answer, resolve, reject);
        });
    };
    const fail = (error: Error): void => {
      settle(() => {
        reject(error);
      });
    };
    const stop = (): void => {
      void worker.terminate();
      settle(() => {
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      });
    };
    worker.on('message', hear);
    worker.on('error', fail);
    signal?.addEventListener('abort', stop);
    const views = task.kind === 'fit' ? task.panel : task.histories;
    worker.postMessage(
      task,
      views.map(({values}) => values.buffer).filter((buffer) => buffer instanceof ArrayBuffer),
    );
  });
}

function outcome(answer: Answer, resolve: (answer: Answer) => void, reject: (error: Error) => void): void {
  if (answer.kind === 'refused') {
    const options = {hints: answer.hints};
    reject(
      answer.exitCode === 3
        ? new InputError(answer.code, answer.message, options)
        : new UsageError(answer.code, answer.message, options),
    );
  } else if (answer.kind === 'failed') {
    const error = new Error(answer.stack.split('\n', 1)[0] ?? 'a thread failed');
    error.stack = answer.stack;
    reject(error);
  } else resolve(answer);
}
