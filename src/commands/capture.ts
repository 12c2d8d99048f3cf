import {setInterval} from 'node:timers/promises';

import {Args, Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {parseVolumePrefix, storeFlag, volumeNamesFlag, volumePrefixFlag} from '../flags.js';
import {parseDurationSeconds, parseFlag, US_PER_SECOND} from '../lib/core/index.js';
import {INTERCEPTORS} from '../lib/interceptors/index.js';
import type {CaptureResult} from '../lib/workflows/capture.js';

const SUMMARIES = Object.entries(INTERCEPTORS).map(([name, {summary}]) => `${name}: ${summary}`);
const SKEW_SECONDS = 60;

/** `foreshadow capture` */
export default class Capture extends BaseCommand<typeof Capture> {
  static override summary = 'Run an interceptor on this host and read what it logs into the shadow store';
  static override description = `${SUMMARIES.join('\n')}

What came is added every --commit-every and at the end. Ctrl-C (or SIGTERM) ends the interceptor, adds all that it had
logged, and exits with 0: it is how a capture ends. A second Ctrl-C breaks off (130). An interceptor that fails is told
with exit 6; what it logged before stays. Events that it says it lost are counted with the batch, and told.

A device is a volume under the name it is given by; --volume-names FILE says what it is called elsewhere. Partitions and
stacked devices (dm, md) are devices of their own: capture the one that is mirrored. Silence for longer than --gap is
taken as no log. The store is held for the whole time. What each interceptor costs and cannot see: interceptors/README.md.`;
  static override examples = [
    'sudo <%= config.bin %> <%= command.id %> bpftrace --device sda --volume-prefix host-a/',
    'sudo <%= config.bin %> <%= command.id %> bpftrace-sums --device sda --device sdb --volume-names volumes.csv',
    '<%= config.bin %> <%= command.id %> nbdkit --volume vm-7 -- --unix /run/vm-7.sock file /srv/vm-7.img',
    '<%= config.bin %> <%= command.id %> fio -- --name=load --filename=/srv/f.img --size=1G --rw=randwrite --bs=4k',
  ];
  static override args = {
    interceptor: Args.string({description: Object.keys(INTERCEPTORS).join(', '), required: true}),
    arguments: Args.string({
      description: 'after --: arguments of nbdkit or fio',
      multiple: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    store: storeFlag,
    device: Flags.string({
      summary: 'block device, as sda, /dev/disk/by-id/NAME or 8,0; up to eight (bpftrace, bpftrace-sums)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'DEVICE',
    }),
    volume: Flags.string({
      summary: 'volume of the only device, or of requests that do not name one',
      helpValue: 'NAME',
    }),
    'volume-names': volumeNamesFlag,
    'volume-prefix': volumePrefixFlag,
    'commit-every': Flags.string({
      summary: 'how often what was logged is added to the store',
      default: '60s',
      helpValue: 'DURATION',
    }),
    gap: Flags.string({
      summary: 'silence for longer is a gap in the log (nothing is known, instead of no request)',
      default: '15m',
      helpValue: 'DURATION',
    }),
    'max-bad-rows': Flags.integer({
      summary: 'set up to N bad rows aside; with more the capture ends, and what was added stays',
      default: 100,
      min: 0,
      helpValue: 'N',
    }),
  };

  /** What was logged is committed first. */
  protected override readonly graceAfterInterruptMs = 60_000;

  async run(): Promise<CaptureResult> {
    const {store, device: devices = [], volume, gap, 'commit-every': every} = this.flags;
    const seconds = parseFlag('commit-every', every, parseDurationSeconds, '60s');
    const {capture} = await import('../lib/workflows/capture.js');
    const {renderCapture} = await import('../views/capture-view.js');
    const nowUs = this.nowUs(undefined);
    const result = await capture({
      interceptor: this.args.interceptor,
      devices,
      programArguments: [this.args.arguments ?? []].flat(),
      options: {
        ...(volume === undefined ? {} : {volume}),
        ...parseVolumePrefix(this.flags['volume-prefix']),
        skewUs: SKEW_SECONDS * US_PER_SECOND,
      },
      volumeNamesPath: this.flags['volume-names'],
      gapUs: parseFlag('gap', gap, parseDurationSeconds, '15m') * US_PER_SECOND,
      maxBadRows: this.flags['max-bad-rows'],
      storePath: store,
      environment: process.env,
      userId: process.getuid?.(),
      nowUs,
      bootUs: nowUs - Number(process.hrtime.bigint() / 1000n),
      clockUs: () => this.nowUs(undefined),
      tool: this.tool,
      ticks: setInterval(seconds * 1000, undefined, {ref: false})[Symbol.asyncIterator](),
      signal: this.signal,
      onRemark: (text) => {
        this.note(text);
      },
      onLine: (line) => {
        if (this.flags.verbose) this.note(line);
      },
      onCommit: ({batchId, rows}) => {
        if (this.flags.verbose) this.note(`committed ${rows} rows as batch ${batchId}`);
      },
    });
    for (const text of result.inputs.flatMap(({remarks}) => remarks)) this.note(text);
    this.print(await renderCapture(result));
    return result;
  }
}
