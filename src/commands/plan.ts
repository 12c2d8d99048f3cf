import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {
  asOfFlag,
  granularityFlag,
  horizonFlags,
  launchesFlag,
  modelFlags,
  needTopology,
  parseHorizon,
  parsePlanModel,
  parsePolicySettings,
  parseShrinkRules,
  policySettingFlags,
  seedFlag,
  shrinkFlags,
  storeFlag,
  suddenGrowthFlag,
  targetFlag,
  topologyFlag,
} from '../flags.js';
import {parseDurationSeconds, parseFlag} from '../lib/core/index.js';
import type {PlanSummary} from '../lib/workflows/plan-buffer.js';
import {accessFlags, readAccess} from '../target-flags.js';

/** `foreshadow plan` */
export default class PlanCommand extends BaseCommand<typeof PlanCommand> {
  static override summary = 'Plan the remirror buffer: how much free space to hold, on which host, and why';
  static override description =
    'Foresees the peak use of every volume, lets the policy decide, and checks copy by copy that each scenario can be ' +
    'repaired. Exits with 4 when one cannot; the plan is written nevertheless and says which volumes lack what where, ' +
    'which hosts to grow or replicas to move, and what healing against anti-affinity would do.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --out plan.json',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --keep',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --policy per-boundary --safety-factor 1.3',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --level 0.99,rack=0.999,tier:ssd=0.995',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --cost-short 20,rack=100 --cost-idle 1',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --most-per-host 2TiB --floor rack-a=5TiB --tier-cost ssd=4',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --target file:buffers.json --certificate --out plan.json',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --target file:buffers.json --shrink-dead-band 5% --shrink-step 25% --shrink-cool-down 3d --out plan.json',
  ];
  static override flags = {
    store: storeFlag,
    topology: topologyFlag,
    policy: Flags.string({summary: 'how the buffer is decided', default: 'shared', helpValue: 'NAME'}),
    ...horizonFlags,
    granularity: granularityFlag,
    ...modelFlags,
    ...policySettingFlags,
    launches: launchesFlag,
    'sudden-growth': suddenGrowthFlag,
    target: targetFlag,
    ...accessFlags,
    ...shrinkFlags,
    certificate: Flags.boolean({summary: 'list in the plan where every copy goes in every scenario'}),
    coverage: Flags.boolean({
      summary: 'try the level at past origins and tell how often it was kept',
      default: true,
      allowNo: true,
    }),
    'valid-for': Flags.string({
      summary: 'how long the plan may be applied',
      default: '24h',
      helpValue: 'DURATION',
    }),
    keep: Flags.boolean({
      summary:
        'keep plan and topology in the history of the store: monitor says how far the promise was kept',
    }),
    out: Flags.string({summary: 'write the plan to this file, or to standard output', helpValue: 'FILE|-'}),
    seed: seedFlag,
    'as-of': asOfFlag,
  };

  async run(): Promise<PlanSummary> {
    const {flags} = this;
    const {planBuffer} = await import('../lib/workflows/plan-buffer.js');
    const progress = await this.progress('plan');
    const summary = await planBuffer({
      ...{storePath: flags.store, topologyPath: needTopology(flags.topology), policy: flags.policy},
      settings: parsePolicySettings(flags),
      shrink: parseShrinkRules(flags),
      model: parsePlanModel(flags, this.isGiven('granularity')),
      horizon: parseHorizon(flags),
      validForSeconds: parseFlag('valid-for', flags['valid-for'], parseDurationSeconds, '24h'),
      ...{
        target: flags.target,
        access: flags.target === undefined ? undefined : await readAccess(flags, this.signal),
        withCertificate: flags.certificate,
        withCoverage: flags.coverage,
        withLaunches: flags.launches,
        withSuddenGrowth: flags['sudden-growth'],
        keep: flags.keep,
        seed: flags.seed,
        tool: this.tool,
      },
      nowUs: this.nowUs(flags['as-of']),
      out: flags.out === '-' ? undefined : flags.out,
      signal: this.signal,
      onProgress: (stage) => {
        progress.update(stage);
      },
    }).finally(() => {
      progress.stop();
    });
    for (const warning of summary.plan.warnings ?? []) this.note(`warning: ${warning}`);
    const {renderPlan} = await import('../views/plan-view.js');
    this.print(flags.out === '-' ? JSON.stringify(summary.plan, undefined, 2) : await renderPlan(summary));
    if (!summary.plan.feasible) process.exitCode = 4;
    return summary;
  }
}
