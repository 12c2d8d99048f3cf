import {Args, Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {asOfFlag, targetFlag} from '../flags.js';
import {UsageError} from '../lib/core/index.js';
import type {ApplyReport} from '../lib/workflows/apply-plan.js';
import type {Actor, ApplyResult} from '../lib/storage-apis/index.js';

export default class Apply extends BaseCommand<typeof Apply> {
  static override summary =
    'Make the changes of a plan on a storage API: the only command that changes anything outside.';
  static override description = [
    'The plan is refused when it has expired or when the target moved since it was made.',
    'Every change is written to a journal before and after it is made, and read back.',
    'When it is interrupted, the same command goes on where it stopped; a plan that was applied wholly is not applied',
    'again. FORESHADOW_NO_APPLY=1 in the environment stops it (exit 2), a dry run excepted.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> apply plan.json --target file:buffers.json --dry-run',
    '<%= config.bin %> apply plan.json --target file:buffers.json --yes',
  ];
  static override args = {
    plan: Args.string({required: true, description: 'plan file that `foreshadow plan` wrote'}),
  };
  static override flags = {
    target: targetFlag,
    'dry-run': Flags.boolean({summary: 'show what would be changed, change nothing'}),
    yes: Flags.boolean({char: 'y', summary: 'do not ask; needed without a terminal and with --json'}),
    'allow-infeasible': Flags.boolean({summary: 'apply a plan that does not cover every scenario'}),
    'detailed-exitcode': Flags.boolean({
      summary: 'exit with 7 when a dry run finds changes to make',
      dependsOn: ['dry-run'],
    }),
    'as-of': asOfFlag,
  };

  async run(): Promise<ApplyReport> {
    const {target, yes, 'dry-run': dryRun, 'as-of': asOf} = this.flags;
    if (!dryRun) this.refuseUnasked();
    const {applyPlanFile} = await import('../lib/workflows/apply-plan.js');
    const {askToApply, renderApply} = await import('../views/apply-view.js');
    const report = await applyPlanFile({
      planPath: this.args.plan,
      target,
      nowUs: this.nowUs(asOf),
      actor: await this.actor(),
      dryRun,
      allowInfeasible: this.flags['allow-infeasible'],
      confirm: async (preview: ApplyResult) => yes || (await askToApply(preview, this.signal)),
      signal: this.signal,
    });
    for (const remark of report.remarks) this.note(remark);
    this.print(await renderApply(report));
    if (this.flags['detailed-exitcode'] && report.pending.length > 0) process.exitCode = 7;
    return report;
  }

  private refuseUnasked(): void {
    if (!['', '0', undefined].includes(process.env['FORESHADOW_NO_APPLY'])) {
      throw new UsageError('apply-switched-off', 'FORESHADOW_NO_APPLY is set: nothing may be applied here', {
        hints: ['add --dry-run to see what would be changed'],
      });
    }
    if (this.flags.yes || (process.stdin.isTTY && process.stderr.isTTY && !this.jsonEnabled())) return;
    throw new UsageError('not-confirmed', 'nobody can be asked without a terminal or with --json', {
      hints: ['add --yes to apply without a question', 'add --dry-run to see what would be changed'],
    });
  }

  private async actor(): Promise<Actor> {
    const [{randomUUID}, {hostname}] = await Promise.all([import('node:crypto'), import('node:os')]);
    return {
      pid: process.pid,
      machine: hostname(),
      atUs: this.nowUs(undefined),
      tool: this.tool,
      newLineage: randomUUID(),
    };
  }
}
