import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {seedFlag} from '../flags.js';
import {parseBytes, parseFlag, parseInstantUs, parseShare, UsageError} from '../lib/core/index.js';
import type {SynthFormat} from '../lib/synth/index.js';
import type {SynthesizeOptions, SynthSummary} from '../lib/workflows/synthesize.js';
import {stdoutWriter} from '../views/stdout-writer.js';
import {renderSynth} from '../views/synth-view.js';

const FORMATS = [
  'alibaba',
  'msr',
  'cloudphysics-csv',
  'nbdkit-log',
  'foreshadow-csv',
  'usage-csv',
] as const satisfies readonly SynthFormat[];

/** `foreshadow synth` */
export default class Synth extends BaseCommand<typeof Synth> {
  static override summary = 'Make a cluster with topology and traces; the same seed gives the same bytes';
  static override description = `Writes DIR/topology.yaml, DIR/traces/ and DIR/truth.csv, which holds the exact bytes in use at the end of every hour:
what ingest must find. Volumes in formats without trims never shrink.`;
  static override examples = [
    '<%= config.bin %> synth --out cluster --hosts 12 --racks 4 --feeds 2 --volumes 60 --days 60',
    '<%= config.bin %> synth --out cluster --format alibaba --format foreshadow-csv --format usage-csv',
    '<%= config.bin %> synth --rows 50000000 --format alibaba --out - | <%= config.bin %> ingest - --format alibaba',
  ];
  static override flags = {
    out: Flags.string({
      summary: 'folder to make; - writes one trace to standard output',
      required: true,
      helpValue: 'DIR',
    }),
    hosts: Flags.integer({summary: 'resource hosts, of uneven size', default: 12}),
    racks: Flags.integer({summary: 'racks that they stand in', default: 4}),
    feeds: Flags.integer({summary: 'power feeds; two hosts in three hang on two of them', default: 2}),
    switches: Flags.integer({summary: 'network switches across the racks', default: 0}),
    volumes: Flags.integer({summary: 'volumes, with two or three replicas each', default: 60}),
    days: Flags.integer({summary: 'length of the history', default: 60}),
    start: Flags.string({
      summary: 'when it begins, on a whole hour',
      default: '2026-01-05T00:00:00Z',
      helpValue: 'TIME',
    }),
    rows: Flags.integer({summary: 'requests in all', exclusive: ['requests-per-hour']}),
    'requests-per-hour': Flags.integer({summary: 'requests a volume and hour (mean)', default: 12}),
    format: Flags.option({
      summary: 'format of the traces; several are dealt to the volumes in turn',
      options: FORMATS,
      multiple: true,
      default: ['alibaba'],
    })(),
    usage: Flags.boolean({summary: 'also write usage samples of all volumes', default: false}),
    fill: Flags.string({
      summary: 'share of the capacity in use at the end',
      default: '60%',
      helpValue: 'SHARE',
    }),
    capacity: Flags.string({
      summary: 'capacity of the typical host; by default it suits the requests',
      helpValue: 'BYTES',
    }),
    seed: seedFlag,
    force: Flags.boolean({summary: 'write into a folder that is not empty', default: false}),
  };

  async run(): Promise<SynthSummary> {
    const {hosts, racks, feeds, switches, volumes, days, seed, format, rows, usage, ...flags} = this.flags;
    const {synthesize} = await import('../lib/workflows/synthesize.js');
    const capacity = flags.capacity && parseFlag('capacity', flags.capacity, parseBytes, '4TB');
    const fillShare = parseFlag('fill', flags.fill, parseShare, '60%');
    const startUs = parseFlag('start', flags.start, parseInstantUs, '2026-01-05');
    const out = this.output();
    const progress = await this.progress('synth');
    const summary = await synthesize({
      cluster: {
        ...{hosts, racks, feeds, switches, volumes, days, seed, startUs, fillShare},
        ...(capacity ? {hostCapacityBytes: capacity} : {}),
      },
      requests: rows === undefined ? {perVolumeHour: flags['requests-per-hour']} : {total: rows},
      formats: format,
      withUsage: usage,
      out,
      signal: this.signal,
      onProgress: ({rows: done, totalRows}) => {
        progress.update(`${done} of ${totalRows} requests`);
      },
    }).finally(() => {
      progress.stop();
    });
    if (out.kind === 'folder') this.print(await renderSynth(summary));
    return summary;
  }

  private output(): SynthesizeOptions['out'] {
    const {out, force} = this.flags;
    if (out !== '-') return {kind: 'folder', path: out, force};
    if (!this.jsonEnabled()) return {kind: 'stream', write: stdoutWriter()};
    throw new UsageError('two-documents', '--json and --out - both want standard output', {
      hints: ['--out DIR'],
    });
  }
}
