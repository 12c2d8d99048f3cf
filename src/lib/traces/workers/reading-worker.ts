/** A thread that reads inputs for another one: see reading-pool.ts. */
import {parentPort} from 'node:worker_threads';

import {InputError, invariant} from '../../core/index.js';
import {VolumeNumbers} from '../aggregation/volume-numbers.js';
import {createInputReading, type InputReading} from '../input-reading.js';
import {openInput, type OpenedInput} from '../open-input.js';
import type {RowColumns} from '../reading/request-batch.js';
import {buffersOf, type FromWorker, type PassedError, type Stretch, type ToWorker} from './messages.js';
import {RowOutbox} from './row-outbox.js';

/** So many stretches of an input may wait to be added up. */
const MOST_AHEAD = 3;
/** Bad rows are not collected without end before they are told. */
const MOST_REJECTS = 1000;

const port = parentPort;
invariant(port !== null, 'this runs in a thread of its own');
const readers = new Map<number, WorkerReader>();

port.on('message', (message: ToWorker) => {
  if (message.kind === 'read') {
    const reader = new WorkerReader(message);
    readers.set(message.reading, reader);
    void reader.run().finally(() => readers.delete(message.reading));
  } else if (message.kind === 'spent') readers.get(message.reading)?.give(message.columns);
  else readers.get(message.reading)?.close();
});

function post(message: FromWorker, columns?: RowColumns): void {
  port?.postMessage(message, columns === undefined ? [] : [...buffersOf(columns)]);
}

/** Reads one input, never further ahead than some stretches. */
class WorkerReader {
  private readonly request: Extract<ToWorker, {kind: 'read'}>;
  private readonly volumes = new VolumeNumbers();
  private toldNames = 0;
  private rejects: (readonly [number, string, string])[] = [];
  private readonly spare: RowColumns[] = [];
  private ahead = 0;
  private isClosed = false;
  private wake = (): void => undefined;
  private rows: InputReading | undefined;
  private readonly outbox = new RowOutbox(() => {
    this.postRows();
  });

  constructor(request: Extract<ToWorker, {kind: 'read'}>) {
    this.request = request;
  }

  async run(): Promise<void> {
    const {reading, input, options} = this.request;
    try {
      const opened = await openInput(input, options);
      try {
        await this.read(opened);
      } finally {
        await opened.close();
      }
    } catch (error) {
      post({kind: 'failed', reading, error: passed(error)});
    }
  }

  give(columns: RowColumns): void {
    this.spare.push(columns);
    this.ahead -= 1;
    this.wake();
  }

  close(): void {
    this.isClosed = true;
    this.wake();
  }

  private async read(opened: OpenedInput): Promise<void> {
    const {reading, gapUs} = this.request;
    const rows = createInputReading(opened, {
      volumes: this.volumes,
      gapUs,
      take: this.outbox.take,
      reject: (line, reason, text) => {
        this.rejects.push([line, reason, text]);
      },
    });
    this.rows = rows;
    while (await rows.next()) {
      if (this.rejects.length > MOST_REJECTS) this.postRows();
      while (this.ahead >= MOST_AHEAD && !this.isClosed) await this.nextChange();
      if (this.isClosed) return;
    }
    const told = rows.told();
    const stretch = this.takeStretch(rows);
    post({kind: 'end', reading, told, ...stretch}, stretch.columns);
  }

  private nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private postRows(): void {
    if (this.rows === undefined) return;
    const stretch = this.takeStretch(this.rows);
    this.ahead += 1;
    post({kind: 'rows', reading: this.request.reading, ...stretch}, stretch.columns);
  }

  private takeStretch({lines, sizeBytes}: InputReading): Stretch {
    const {count, lastUs: atUs} = this.outbox;
    const columns = this.outbox.exchange(this.spare.pop());
    const newNames = this.volumes.names.slice(this.toldNames);
    const {rejects} = this;
    this.toldNames = this.volumes.names.length;
    this.rejects = [];
    return {columns, count, newNames, rejects, atUs, lines, sizeBytes};
  }
}

function passed(error: unknown): PassedError {
  if (!(error instanceof InputError)) {
    return {kind: 'other', stack: error instanceof Error ? (error.stack ?? error.message) : String(error)};
  }
  const {code, message, hints, diagnostics} = error;
  return {kind: 'input', code, message, hints, diagnostics};
}
