import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {
  asOfFlag,
  granularityFlag,
  needTopology,
  parseLeadSeconds,
  parsePolicySettings,
  policySettingFlags,
  seedFlag,
  storeFlag,
  topologyFlag,
} from '../flags.js';
import {parseDurationSeconds, parseFlag, parseInstantUs} from '../lib/core/index.js';
import type {ReplayReport} from '../lib/workflows/replay-history.js';

/** `foreshadow replay` */
export default class Replay extends BaseCommand<typeof Replay> {
  static override summary = 'Walk policies through history, failing every scenario at every step';
  static override description =
    'At each review every policy decides from what was known by then; what it decided is held from --lead later on. At ' +
    'every step each scenario happens, alone, to what was really used. The oracle knows the future and holds the least ' +
    'that leaves nothing stuck. Fewest bytes stuck first, then fewest byte-hours held.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --policies shared,per-boundary --review 7d --csv scores.csv',
  ];
  static override flags = {
    store: storeFlag,
    topology: topologyFlag,
    policies: Flags.string({summary: 'policies to compare (all)', helpValue: 'A,B,...'}),
    model: Flags.string({
      summary: 'model that foresees the peaks',
      default: 'seasonal-naive',
      helpValue: 'NAME',
    }),
    granularity: granularityFlag,
    review: Flags.string({summary: 'from one review to the next', default: '24h', helpValue: 'DURATION'}),
    lead: Flags.string({
      summary: 'from a review until its decision is held',
      default: '0h',
      helpValue: 'DURATION',
    }),
    'warm-up': Flags.string({
      summary: 'history before the first review',
      default: '14d',
      helpValue: 'DURATION',
    }),
    'refit-every': Flags.integer({
      summary: 'fit the model again every N reviews; 0: only at the first',
      default: 28,
      min: 0,
    }),
    ...policySettingFlags,
    from: Flags.string({summary: 'begin the history here, warm-up included', helpValue: 'TIME'}),
    to: Flags.string({summary: 'end of the history (--as-of, or now)', helpValue: 'TIME'}),
    csv: Flags.string({summary: 'write the table to this file', helpValue: 'FILE'}),
    seed: seedFlag,
    'as-of': asOfFlag,
  };

  async run(): Promise<ReplayReport> {
    const {flags} = this;
    const {replayStore} = await import('../lib/workflows/replay-history.js');
    const progress = await this.progress('replay');
    const report = await replayStore({
      ...{
        storePath: flags.store,
        topologyPath: needTopology(flags.topology),
        model: flags.model,
        granularity: flags.granularity,
      },
      policies: (flags.policies ?? '')
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
      settings: parsePolicySettings(flags),
      fromUs:
        flags.from === undefined ? undefined : parseFlag('from', flags.from, parseInstantUs, '2026-01-31'),
      toUs:
        flags.to === undefined
          ? this.nowUs(flags['as-of'])
          : parseFlag('to', flags.to, parseInstantUs, '2026-01-31'),
      warmUpSeconds: parseFlag('warm-up', flags['warm-up'], parseDurationSeconds, '14d'),
      reviewSeconds: parseFlag('review', flags.review, parseDurationSeconds, '24h'),
      leadSeconds: parseFlag('lead', flags.lead, parseLeadSeconds, '6h'),
      refitReviews: flags['refit-every'],
      ...{seed: flags.seed, csv: flags.csv, signal: this.signal},
      onProgress: ({done, total}) => {
        progress.update(`review ${done} of ${total}`);
      },
    }).finally(() => {
      progress.stop();
    });
    for (const warning of report.warnings) this.note(`warning: ${warning}`);
    const {renderReplay} = await import('../views/replay-view.js');
    this.print(await renderReplay(report));
    return report;
  }
}
