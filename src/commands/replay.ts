import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {
  asOfFlag,
  granularityFlag,
  launchesFlag,
  needTopology,
  parseLeadSeconds,
  parsePolicySettings,
  parseShrinkRules,
  policySettingFlags,
  seedFlag,
  shrinkFlags,
  storeFlag,
  suddenGrowthFlag,
  topologyFlag,
} from '../flags.js';
import {parseDurationSeconds, parseFlag, parseInstantUs} from '../lib/core/index.js';
import type {ReplayPoliciesOptions, ReplayReport} from '../lib/workflows/replay-policies.js';
import {failureFlags, parseFailures, parsePrices} from '../replay-flags.js';

/** `foreshadow replay` */
export default class Replay extends BaseCommand<typeof Replay> {
  static override summary = 'Walk policies through history, failing every scenario at every step';
  static override description =
    'The history is that of a shadow store, or with --usage a capacity history: a CSV file with the columns volume, a time ' +
    '(time_us, time_ms, time_s, or time for ISO 8601), used_bytes, and provisioned_bytes if it likes. At each review every policy decides from what was known by then; what it decided is held from --lead later on. At ' +
    'every step each scenario happens, alone, to what was really used, or with --failures random those that fate draws at ' +
    'the rates given. The oracle knows the future and holds the least ' +
    'that leaves nothing stuck; best-constant is the smallest buffer that, never changed, would have repaired as much as ' +
    'the first policy, chosen with hindsight: two yardsticks, no policies that plan could follow. Fewest bytes stuck first, ' +
    'then fewest byte-hours held.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --policies shared,per-boundary --review 7d --csv scores.csv',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --usage capacity.csv.gz --sweep --checkpoint replay.state',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --failures random --rate rack=0.1,feed=0.4 --price-held 0.03 --price-stuck 500',
  ];
  static override flags = {
    store: storeFlag,
    usage: Flags.string({summary: 'capacity history (CSV, or .gz) instead of the store', helpValue: 'FILE'}),
    topology: topologyFlag,
    policies: Flags.string({
      summary: 'policies to compare (all); oracle is always there',
      helpValue: 'A,B,...',
    }),
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
    refit: Flags.string({
      summary: 'from one fit of the model to the next, a multiple of --review; 0: only at the first',
      default: '28d',
      helpValue: 'DURATION',
    }),
    ...policySettingFlags,
    launches: launchesFlag,
    'sudden-growth': suddenGrowthFlag,
    ...shrinkFlags,
    ...failureFlags,
    sweep: Flags.boolean({
      summary:
        'replay policies also with other levels, factors and shares, and tell which hold as little as any that repairs as much',
      default: false,
    }),
    from: Flags.string({summary: 'begin the history here, warm-up included', helpValue: 'TIME'}),
    to: Flags.string({summary: 'end of the history (--as-of, or now)', helpValue: 'TIME'}),
    csv: Flags.string({summary: 'write the scores, of a sweep too, to this file', helpValue: 'FILE'}),
    checkpoint: Flags.string({
      summary:
        'keep how far it is in this file: given again after it was killed, it goes on there and ends with the same result; removed at the end',
      helpValue: 'FILE',
    }),
    seed: seedFlag,
    'as-of': asOfFlag,
  };

  async run(): Promise<ReplayReport> {
    const {replayPolicies} = await import('../lib/workflows/replay-policies.js');
    const {createTimeLeft} = await import('../views/time-left.js');
    const options = this.options();
    const progress = await this.progress('replay');
    const timeLeft = createTimeLeft();
    const report = await replayPolicies({
      ...options,
      onProgress: ({done, total}) => {
        progress.update(`review ${done} of ${total}${timeLeft(done, total)}`);
      },
    }).finally(() => {
      progress.stop();
    });
    for (const warning of report.warnings) this.note(`warning: ${warning}`);
    const {renderReplay} = await import('../views/replay-view.js');
    this.print(await renderReplay(report));
    return report;
  }

  private options(): Omit<ReplayPoliciesOptions, 'onProgress'> {
    const {flags} = this;
    const {usage, checkpoint} = flags;
    const nowUs = this.nowUs(flags['as-of']);
    return {
      source: usage === undefined ? {kind: 'store', path: flags.store} : {kind: 'usage', path: usage},
      topologyPath: needTopology(flags.topology),
      policies: (flags.policies ?? '')
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
      settings: parsePolicySettings(flags),
      shrink: parseShrinkRules(flags),
      failures: parseFailures(flags),
      prices: parsePrices(flags),
      ...{model: flags.model, granularity: flags.granularity, sweep: flags.sweep},
      withLaunches: flags.launches,
      withSuddenGrowth: flags['sudden-growth'],
      fromUs:
        flags.from === undefined ? undefined : parseFlag('from', flags.from, parseInstantUs, '2026-01-31'),
      toUs: flags.to === undefined ? nowUs : parseFlag('to', flags.to, parseInstantUs, '2026-01-31'),
      warmUpSeconds: parseFlag('warm-up', flags['warm-up'], parseDurationSeconds, '14d'),
      reviewSeconds: parseFlag('review', flags.review, parseDurationSeconds, '24h'),
      leadSeconds: parseFlag('lead', flags.lead, parseLeadSeconds, '6h'),
      refitSeconds: parseFlag('refit', flags.refit, parseLeadSeconds, '28d'),
      checkpoint:
        checkpoint === undefined
          ? undefined
          : {
              ...{path: checkpoint, tool: this.tool, nowUs},
              onResume: (reviewsDone) => {
                this.note(`${checkpoint} has ${reviewsDone} reviews done: going on after them`);
              },
            },
      ...{seed: flags.seed, csv: flags.csv, signal: this.signal},
    };
  }
}
