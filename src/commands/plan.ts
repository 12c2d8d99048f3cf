import {Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {asOfFlag, granularityFlag, seedFlag, storeFlag, targetFlag, topologyFlag} from '../flags.js';
import {parseDurationSeconds, parseFlag, parseShare, UsageError} from '../lib/core/index.js';
import {type PlanSummary} from '../lib/workflows/plan-buffer.js';

/** `foreshadow plan` */
export default class PlanCommand extends BaseCommand<typeof PlanCommand> {
  static override summary = 'Plan the remirror buffer: how much free space to hold, on which host, and why';
  static override description =
    'Foresees the peak use of every volume, lets the policy decide, and checks copy by copy that each scenario can be ' +
    'repaired. Exits with 4 when one cannot; the plan is written nevertheless and says which volumes lack what where.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --out plan.json',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --policy per-boundary --safety-factor 1.3',
    '<%= config.bin %> <%= command.id %> --topology cluster.yaml --target file:buffers.json --certificate --out plan.json',
  ];
  static override flags = {
    store: storeFlag,
    topology: topologyFlag,
    policy: Flags.string({summary: 'how the buffer is decided', default: 'shared', helpValue: 'NAME'}),
    horizon: Flags.string({summary: 'how long it must suffice', default: '7d', helpValue: 'DURATION'}),
    granularity: granularityFlag,
    model: Flags.string({
      summary: 'model to fit now (seasonal-naive)',
      exclusive: ['model-file'],
      helpValue: 'NAME',
    }),
    'model-file': Flags.string({summary: 'what train wrote; its granularity counts', helpValue: 'FILE'}),
    level: Flags.string({summary: 'share of cases in which it must suffice', default: '0.99'}),
    'safety-factor': Flags.string({summary: 'for the rules that multiply', default: '1.2'}),
    'static-share': Flags.string({
      summary: "share of every host's capacity that static holds",
      default: '20%',
    }),
    target: targetFlag,
    certificate: Flags.boolean({summary: 'list in the plan where every copy goes in every scenario'}),
    'valid-for': Flags.string({
      summary: 'how long the plan may be applied',
      default: '24h',
      helpValue: 'DURATION',
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
      settings: {
        level: parseFlag('level', flags.level, parseInnerShare, '0.99'),
        safetyFactor: parseFlag('safety-factor', flags['safety-factor'], parseFactor, '1.2'),
        staticShare: parseFlag('static-share', flags['static-share'], parseShare, '20%'),
      },
      model:
        flags['model-file'] === undefined
          ? {kind: 'fit', model: flags.model ?? 'seasonal-naive', granularity: flags.granularity}
          : {kind: 'file', path: flags['model-file']},
      horizonSeconds: parseFlag('horizon', flags.horizon, parseDurationSeconds, '7d'),
      validForSeconds: parseFlag('valid-for', flags['valid-for'], parseDurationSeconds, '24h'),
      ...{target: flags.target, withCertificate: flags.certificate, seed: flags.seed, tool: this.tool},
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

function needTopology(path: string | undefined): string {
  if (path !== undefined) return path;
  throw new UsageError('no-topology', 'plan needs a topology', {hints: ['--topology cluster.yaml']});
}

function parseInnerShare(text: string): number | undefined {
  const share = parseShare(text);
  return share === undefined || share === 0 || share === 1 ? undefined : share;
}

function parseFactor(text: string): number | undefined {
  const factor = text.trim() === '' ? Number.NaN : Number(text);
  return factor > 0 && Number.isFinite(factor) ? factor : undefined;
}
