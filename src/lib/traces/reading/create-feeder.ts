import {DocumentFeeder} from './feed-document.js';
import {LineFeeder} from './feed-lines.js';
import {RecordFeeder} from './feed-records.js';
import type {Feeder, Feeding} from './feeder.js';
import {RowParser} from './row-parser.js';
import type {FormatOptions, RowReader, TraceFormat} from './trace-format.js';

/** Opens a format for one input. Throws InputError when the first lines or bytes rule it out. */
export function createFeeder(format: TraceFormat, options: FormatOptions, feeding: Feeding): Feeder {
  switch (format.framing) {
    case 'lines':
      return feedLines(format.open(options), feeding);
    case 'records':
      return new RecordFeeder(format.open(options), feeding);
    case 'document':
      return new DocumentFeeder(format.open(options), options.source, feeding);
  }
}

function feedLines(reader: RowReader, {batch, time, reject, onBatch}: Feeding): Feeder {
  const parser = new RowParser(reader, batch, time, reject);
  const feeder = new LineFeeder(parser, batch, onBatch);
  return {
    feed: (chunk) => {
      feeder.feed(chunk);
    },
    pendingBytes: () => feeder.pendingBytes(),
    drain: () => undefined,
    finish: () => {
      feeder.finish();
    },
    textOf: (row) => parser.textOf(row),
    counts: () => parser,
    remarks: () => reader.remarks?.() ?? [],
    lostEvents: () => reader.lostEvents?.() ?? 0,
  };
}
