import {Worker} from 'node:worker_threads';

import {InputError, invariant} from '../../core/index.js';
import {DEFAULT_GAP_US} from '../aggregation/log-coverage.js';
import type {InputTold} from '../input-reading.js';
import type {InputOptions} from '../open-input.js';
import {type InputReader, type Reading, rejectInto, resultOf} from '../read-input.js';
import type {InputSource} from '../reading/content.js';
import {type TraceFormat, unitOf} from '../reading/trace-format.js';
import {buffersOf, type FromWorker, type PassedError, type Stretch, type ToWorker} from './messages.js';

/** An input that a thread of the pool can read: a file, of which the format is known. */
export interface PoolInput {
  readonly input: Extract<InputSource, {kind: 'file'}>;
  readonly options: InputOptions;
  readonly format: TraceFormat;
}

/** Threads that read inputs, while this one adds up. */
export interface ReadingPool {
  open(input: PoolInput, reading: Reading): InputReader;
  close(): Promise<void>;
}

const WORKER = new URL('./reading-worker.js', import.meta.url);

/** Whether there is a program that threads can run: only what is built is JavaScript. */
export function canReadInThreads(): boolean {
  return import.meta.url.endsWith('.js');
}

/** Starts so many threads. */
export function createReadingPool(threads: number): ReadingPool {
  const workers = Array.from({length: threads}, () => new PoolWorker());
  let readings = 0;
  return {
    open: (input, reading) => {
      const worker = workers.reduce((least, other) => (other.load < least.load ? other : least));
      readings += 1;
      return new PoolReader(worker, readings, input, reading);
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/** One thread, and who waits for what it tells. */
class PoolWorker {
  private readonly worker = new Worker(WORKER);
  private readonly listeners = new Map<number, (message: FromWorker) => void>();

  constructor() {
    this.worker.on('message', (message: FromWorker) => this.listeners.get(message.reading)?.(message));
    this.worker.on('error', (error) => {
      const passed: PassedError = {kind: 'other', stack: error.stack ?? error.message};
      for (const [reading, listen] of this.listeners) listen({kind: 'failed', reading, error: passed});
    });
  }

  /** Inputs that it reads now. */
  get load(): number {
    return this.listeners.size;
  }

  listen(reading: number, listener: (message: FromWorker) => void): void {
    this.listeners.set(reading, listener);
  }

  forget(reading: number): void {
    this.listeners.delete(reading);
  }

  post(message: ToWorker, buffers: readonly ArrayBuffer[] = []): void {
    this.worker.postMessage(message, buffers);
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

/** An input that a thread reads and this one adds up. */
class PoolReader implements InputReader {
  readonly name: string;
  readonly skewUs: number;
  atUs = Number.NEGATIVE_INFINITY;
  lines = 0;
  sizeBytes = 0;
  private readonly worker: PoolWorker;
  private readonly number: number;
  private readonly reading: Reading;
  private readonly reject: ReturnType<typeof rejectInto>;
  private readonly messages: FromWorker[] = [];
  private wake = (): void => undefined;
  /** The numbers that the thread's volumes have here. */
  private numbers: number[] = [];
  private lateRows = 0;
  private told: InputTold | undefined;

  constructor(worker: PoolWorker, number: number, {input, options, format}: PoolInput, reading: Reading) {
    this.worker = worker;
    this.number = number;
    this.reading = reading;
    this.name = input.name;
    this.skewUs = options.skewUs;
    this.reject = rejectInto(reading.rejects, input.name, unitOf(format));
    worker.listen(number, (message) => {
      this.messages.push(message);
      this.wake();
    });
    worker.post({kind: 'read', reading: number, input, options, gapUs: reading.gapUs ?? DEFAULT_GAP_US});
  }

  async next(): Promise<boolean> {
    if (this.told !== undefined) return false;
    const message = await this.nextMessage();
    if (message.kind === 'failed') throw thrown(message.error);
    this.add(message);
    if (message.kind === 'end') this.told = message.told;
    else
      this.worker.post(
        {kind: 'spent', reading: this.number, columns: message.columns},
        buffersOf(message.columns),
      );
    return message.kind === 'rows';
  }

  result(): ReturnType<typeof resultOf> {
    invariant(this.told !== undefined, 'asked after the end');
    return resultOf(this.told, this.lateRows, this.reading.source);
  }

  close(): Promise<void> {
    this.worker.post({kind: 'close', reading: this.number});
    this.worker.forget(this.number);
    return Promise.resolve();
  }

  private async nextMessage(): Promise<FromWorker> {
    for (;;) {
      const message = this.messages.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private add({columns, count, newNames, rejects, atUs, lines, sizeBytes}: Stretch): void {
    const {sums} = this.reading;
    this.numbers.push(...newNames.map((name) => sums.volumes.indexOf(name)));
    const {numbers} = this;
    const {volume} = columns;
    for (let row = 0; row < count; row += 1) volume[row] = numbers[volume[row] ?? 0] ?? 0;
    this.lateRows += sums.add(columns, 0, count);
    for (const [line, reason, text] of rejects) this.reject(line, reason, text);
    this.atUs = atUs;
    this.lines = lines;
    this.sizeBytes = sizeBytes;
  }
}

function thrown(error: PassedError): Error {
  if (error.kind === 'other') return new Error(`a reading thread failed: ${error.stack}`);
  const {code, message, hints, diagnostics} = error;
  return new InputError(code, message, {hints, diagnostics});
}
