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
  policySettingFlags,
  seedFlag,
  storeFlag,
  suddenGrowthFlag,
  topologyFlag,
} from '../flags.js';
import {parseBytes, parseFlag} from '../lib/core/index.js';
import type {AdmitReport} from '../lib/workflows/admit.js';

/** `foreshadow admit` */
export default class Admit extends BaseCommand<typeof Admit> {
  static override summary =
    'May new volumes be placed without eating the buffer, where, and what breaks first?';
  static override description =
    'Places the new volumes and checks copy by copy that every scenario can still be repaired, their own copies ' +
    'included, with room left for volumes that are yet to come; tells where they go, how many of the same would fit, and what breaks with one more. Each --whatif is ' +
    'answered beside the cluster as it is: more hosts (hosts+2@rack=r3:7.68TB), a boundary lost for good ' +
    '(lost:feed/a) or emptied (drain:rack/r2), other growth (growth*1.5), another rule (anti-affinity=rack,feed); ' +
    'several at once with ; between them. Exits with 4 when they may not be placed as the cluster is.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --size 500GiB --replicas 3 --count 4',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --size 2TiB --tier ssd --growth-class typical',
    "<%= config.bin %> <%= command.id %> --topology cluster.yaml --size 1TiB --whatif hosts+2@rack=r3:7.68TB --whatif lost:feed/a --whatif 'drain:rack/r2; growth*1.5'",
  ];
  static override flags = {
    size: Flags.string({summary: 'size of each new volume', required: true, helpValue: 'BYTES'}),
    count: Flags.integer({summary: 'how many new volumes', default: 1, min: 1, max: 10_000}),
    replicas: Flags.integer({summary: 'copies of each', default: 3, min: 1, max: 10}),
    tier: Flags.string({summary: 'only on hosts and devices of this tier', helpValue: 'NAME'}),
    'anti-affinity': Flags.string({
      summary: 'boundary kinds that no two copies may share (as most volumes of the topology)',
      helpValue: 'KIND,...',
    }),
    'growth-class': Flags.option({
      options: ['full', 'fast', 'typical', 'slow'] as const,
      summary:
        'what of its size counts: all of it, or as much as the 90th, 50th or 25th percentile of the volumes there use',
      default: 'full' as const,
    })(),
    whatif: Flags.string({
      summary: 'answer it for a changed cluster, too; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'CHANGE',
    }),
    store: storeFlag,
    topology: topologyFlag,
    ...horizonFlags,
    granularity: granularityFlag,
    ...modelFlags,
    ...policySettingFlags,
    launches: launchesFlag,
    'sudden-growth': suddenGrowthFlag,
    seed: seedFlag,
    'as-of': asOfFlag,
  };

  async run(): Promise<AdmitReport> {
    const {flags} = this;
    const {admit} = await import('../lib/workflows/admit.js');
    const progress = await this.progress('admit');
    const report = await admit({
      ...{storePath: flags.store, topologyPath: needTopology(flags.topology)},
      settings: parsePolicySettings(flags),
      model: parsePlanModel(flags, this.isGiven('granularity')),
      sizeBytes: parseFlag('size', flags.size, parseBytes, '500GiB'),
      ...{count: flags.count, replicas: flags.replicas, tier: flags.tier, growthClass: flags['growth-class']},
      antiAffinity: flags['anti-affinity']
        ?.split(',')
        .map((kind) => kind.trim())
        .filter(Boolean),
      whatIfs: flags.whatif ?? [],
      horizon: parseHorizon(flags),
      withLaunches: flags.launches,
      withSuddenGrowth: flags['sudden-growth'],
      ...{seed: flags.seed, tool: this.tool, nowUs: this.nowUs(flags['as-of']), signal: this.signal},
      onProgress: (stage) => {
        progress.update(stage);
      },
    }).finally(() => {
      progress.stop();
    });
    for (const warning of report.warnings) this.note(`warning: ${warning}`);
    const {renderAdmit} = await import('../views/admit-view.js');
    this.print(await renderAdmit(report));
    if (report.answers[0]?.admitted !== true) process.exitCode = 4;
    return report;
  }
}
