import {setInterval, setTimeout} from 'node:timers/promises';

import {Args, Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {parseVolumePrefix, shardFlag, storeFlag, volumeNamesFlag, volumePrefixFlag} from '../flags.js';
import {
  parseBytes,
  parseDurationSeconds,
  parseFlag,
  parseInstantUs,
  US_PER_SECOND,
} from '../lib/core/index.js';
import {TIME_UNITS, type InputOptions, TRACE_FORMATS} from '../lib/traces/index.js';
import type {IngestResult} from '../lib/workflows/ingest-files.js';
import type {StoreRequest} from '../lib/workflows/ingest-into-store.js';

/** A stream that has told less by then is judged by what it has told. */
const SNIFF_MS = 1000;

/** `foreshadow ingest` */
export default class Ingest extends BaseCommand<typeof Ingest> {
  static override summary = 'Read traces and usage samples into the shadow store';
  static override description = `Reads files, plain, gzip or zstd, or standard input (-), and adds per volume and minute: reads, writes, trims, their bytes,
the exact growth of the footprint, and usage samples. All files of a call go in together or not at all. What is in the
store already is left out, under whatever name it comes; of a file that has grown only what is new is counted.

Standard input may be a log that is still being written: what came is added every --commit-every, at its end, and on
Ctrl-C; while a batch is written, reading waits. Given again from its beginning, after a kill or as a file, it is
counted from where the store's knowledge of it ends.

Files are read side by side by the times of their rows: a trace that is split over several gives the same as whole, in
whatever order they are named. Within a volume rows may be out of order by --max-clock-skew; growth is told in the minute
in which a block was first written. A row further back than that is a bad row. One wild time ahead is a bad row too: time
is believed to have jumped when three rows of the volume agree. A file that is older than what the store has of its
volumes is read all the same; its rows are told as late, because blocks that were written again later have counted as
growth of the later time.

No request is not the same as no log. An input covers the time from its first to its last row for the volumes that it
has rows of, but for stretches in which none of them has a row for longer than --gap (and three times as long as is
usual in it, so that hourly samples have no gaps). What no input covers is unknown, not 0. The parts of a rotated log
speak for each other's volumes when they are given the same --source.

Logs of the block layer name volumes as their host does. Logs of several hosts go in with one call a host, each with a
--volume-prefix of its own: without, the 8,0 of all hosts would be one volume.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> traces/*.csv.gz',
    '<%= config.bin %> <%= command.id %> w92.csv --format cloudphysics-csv --start 2026-01-05T00:00:00Z',
    'tail -F -n +1 requests.log | <%= config.bin %> <%= command.id %> - --format nbdkit-log --volume vm-7',
    '<%= config.bin %> <%= command.id %> io_traces.csv.zst --max-bad-rows 100',
    '<%= config.bin %> <%= command.id %> host-a/sda.blktrace.* --volume-prefix host-a/ --start 2026-01-05T00:00:00Z',
  ];
  static override args = {
    files: Args.string({
      description: 'traces and usage samples; - is standard input',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    store: storeFlag,
    format: Flags.string({
      summary: `format of the files, instead of looking at their first lines: ${Object.keys(TRACE_FORMATS).join(', ')}`,
      helpValue: 'NAME',
    }),
    volume: Flags.string({
      summary: 'volume of rows that do not name one, instead of the name of the file',
      helpValue: 'NAME',
    }),
    'volume-prefix': volumePrefixFlag,
    'volume-names': volumeNamesFlag,
    start: Flags.string({summary: 'when the time 0 of relative times was (ISO 8601)', helpValue: 'TIME'}),
    'time-zone': Flags.string({summary: 'zone of local times, instead of UTC', helpValue: 'ZONE'}),
    'length-unit': Flags.option({
      summary: 'unit of lengths in a vscsi file that does not tell it',
      options: ['bytes', 'sectors'] as const,
    })(),
    action: Flags.option({
      summary:
        'which stage of a request counts where several are logged: Q queued, D issued, C completed [default: Q]',
      options: ['Q', 'D', 'C'] as const,
    })(),
    'time-unit': Flags.option({
      summary: 'unit of the times, instead of that of the format (ns, or filetime: 100 ns since 1601)',
      options: TIME_UNITS,
    })(),
    'offset-unit': Flags.option({
      summary: 'unit of offsets in a tencent-cbs file that does not tell it',
      options: ['bytes', 'sectors'] as const,
    })(),
    'max-bad-rows': Flags.integer({
      summary:
        'set up to N bad rows aside; with more nothing is written, but for parts of a stream that were committed',
      default: 0,
      min: 0,
      helpValue: 'N',
    }),
    'commit-every': Flags.string({
      summary: 'how often what was read of standard input is added to the store; off: only at its end',
      default: '60s',
      helpValue: 'DURATION',
    }),
    'max-clock-skew': Flags.string({
      summary: 'how far the rows of a volume may be out of order',
      default: '60s',
      helpValue: 'DURATION',
    }),
    gap: Flags.string({
      summary:
        'where an input is silent for longer, its log has a gap (nothing is known, instead of no request)',
      default: '15m',
      helpValue: 'DURATION',
    }),
    threads: Flags.integer({
      summary: 'how many threads read and add up, instead of as many as there are cores for more than 16 MiB',
      min: 1,
      helpValue: 'N',
    }),
    sizes: Flags.string({
      summary:
        'CSV file with volume,provisioned_bytes: what a volume held before its log began is at most that, less what was seen',
      helpValue: 'FILE',
    }),
    memory: Flags.string({
      summary:
        'what adding up may take; what is more goes to files in the store meanwhile, but one footprint at a time must fit',
      default: '1GiB',
      helpValue: 'SIZE',
    }),
    shard: shardFlag,
    source: Flags.string({
      summary: 'what the files are parts of, such as one rotated log: they then speak for all of its volumes',
      helpValue: 'NAME',
    }),
  };

  /** What was read of a stream is committed first. */
  protected override readonly graceAfterInterruptMs = 30_000;

  async run(): Promise<IngestResult> {
    const gapSeconds = parseFlag('gap', this.flags.gap, parseDurationSeconds, '15m');
    const {ingestIntoStore} = await import('../lib/workflows/ingest-into-store.js');
    const {ingestProgress, renderIngest} = await import('../views/ingest-view.js');
    const progress = await this.progress('ingest');
    const result = await ingestIntoStore({
      paths: this.args.files,
      stdin: process.stdin,
      options: this.inputOptions(),
      memoryBytes: parseFlag('memory', this.flags.memory, parseBytes, '1GiB'),
      gapUs: gapSeconds * US_PER_SECOND,
      source: this.flags.source,
      sizesPath: this.flags.sizes,
      volumeNamesPath: this.flags['volume-names'],
      ...(this.flags.threads === undefined ? {} : {threads: this.flags.threads}),
      maxBadRows: this.flags['max-bad-rows'],
      storePath: this.flags.store,
      shard: this.flags.shard,
      nowUs: this.nowUs(undefined),
      clockUs: () => this.nowUs(undefined),
      tool: this.tool,
      ...(this.args.files.includes('-') ? this.streaming() : {signal: this.signal}),
      onRemark: (text) => {
        this.note(text);
      },
      onProgress: ingestProgress(progress, performance.now()),
    }).finally(() => {
      progress.stop();
    });
    for (const {name, remarks} of result.inputs) for (const text of remarks) this.note(`${name}: ${text}`);
    this.print(await renderIngest(result));
    if (this.signal.aborted) process.exitCode = 130;
    return result;
  }

  private inputOptions(): InputOptions {
    const {format, volume, start, 'time-zone': timeZone, 'max-clock-skew': skew} = this.flags;
    const {'length-unit': lengthUnit, 'time-unit': timeUnit, 'offset-unit': offsetUnit, action} = this.flags;
    return {
      ...(format === undefined ? {} : {format}),
      ...(volume === undefined ? {} : {volume}),
      ...parseVolumePrefix(this.flags['volume-prefix']),
      ...(start === undefined
        ? {}
        : {startUs: parseFlag('start', start, parseInstantUs, '2026-11-23T00:00:00Z')}),
      ...(timeZone === undefined ? {} : {timeZone}),
      readings: {
        ...(lengthUnit === undefined ? {} : {lengthUnit}),
        ...(action === undefined ? {} : {action}),
        ...(timeUnit === undefined ? {} : {timeUnit}),
        ...(offsetUnit === undefined ? {} : {offsetUnit}),
      },
      skewUs: parseFlag('max-clock-skew', skew, parseDurationSeconds, '60s') * US_PER_SECOND,
    };
  }

  /** Ctrl-C ends a stream instead of breaking off. */
  private streaming(): Pick<StoreRequest, 'ticks' | 'hurry' | 'stop' | 'onCommit'> {
    const every = this.flags['commit-every'];
    this.signal.addEventListener('abort', () => process.stdin.destroy());
    const seconds =
      every === 'off' ? undefined : parseFlag('commit-every', every, parseDurationSeconds, '60s');
    return {
      ...(seconds === undefined
        ? {}
        : {ticks: setInterval(seconds * 1000, undefined, {ref: false})[Symbol.asyncIterator]()}),
      hurry: setTimeout(this.flags.format === undefined ? SNIFF_MS : 0, undefined, {ref: false}),
      stop: this.signal,
      onCommit: ({batchId, rows}) => {
        if (this.flags.verbose) this.note(`committed ${rows} rows as batch ${batchId}`);
      },
    };
  }
}
