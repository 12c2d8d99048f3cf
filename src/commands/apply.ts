import {Args, Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {asOfFlag, targetFlag} from '../flags.js';
import {parseFlag, parseShare, UsageError} from '../lib/core/index.js';
import type {
  Actor,
  ApplyResult,
  BoundaryMode,
  DesiredState,
  DriftReport,
  TargetAccess,
} from '../lib/storage-apis/index.js';
import type {ApplyReport} from '../lib/workflows/apply-plan.js';
import {accessFlags, readAccess} from '../target-flags.js';

const MODES: readonly BoundaryMode[] = ['off', 'warn', 'on'];

export default class Apply extends BaseCommand<typeof Apply> {
  static override summary =
    'Make the changes of a plan on a storage API: the only command that changes anything outside.';
  static override description = [
    'The plan is refused (exit 5) when it has expired, or when topology, use or buffers moved since it was made.',
    'Every change is written to a journal before and after it is made, and read back.',
    'When it is interrupted, the same command goes on where it stopped; a plan that was applied wholly is not applied',
    'again. Space is given back only where the target is well now; what is left out for that is told (exit 4).',
    'FORESHADOW_NO_APPLY=1 in the environment stops it (exit 2), but not --dry-run, --check and --render.',
  ].join(' ');
  static override examples = [
    '<%= config.bin %> apply plan.json --target file:buffers.json --dry-run',
    '<%= config.bin %> apply plan.json --target file:buffers.json --yes',
    '<%= config.bin %> apply plan.json --target ceph:https://mgr.example:8443 --credentials - --yes < login',
    '<%= config.bin %> apply plan.json --target http:https://storage.example/v1 --ca ca.pem --mode rack=warn --yes',
    '<%= config.bin %> apply plan.json --target longhorn:https://kubernetes.example:6443 --release zone/z1 --yes',
    '<%= config.bin %> apply plan.json --check',
    '<%= config.bin %> apply --rollback buffers.json.journals/PLANHASH.jsonl --yes',
  ];
  static override args = {
    plan: Args.string({description: 'plan file that `foreshadow plan` wrote; not with --rollback'}),
  };
  static override flags = {
    target: targetFlag,
    ...accessFlags,
    'dry-run': Flags.boolean({summary: 'show what would be changed, change nothing'}),
    check: Flags.boolean({
      summary:
        'compare the target with what the plan set there, change nothing; exits with 4 where it drifted',
      exclusive: ['dry-run', 'rollback', 'release', 'render'],
    }),
    render: Flags.string({
      summary:
        'write what the target must hold to this file, for another tool to bring about; change nothing',
      exclusive: ['dry-run', 'rollback', 'release'],
      helpValue: 'FILE|-',
    }),
    rollback: Flags.string({
      summary: 'take back what this journal tells as made',
      exclusive: ['release'],
      helpValue: 'JOURNAL',
    }),
    release: Flags.string({
      summary:
        'after this boundary was lost: give the buffer to the repair, where the target keeps space from repairs, too',
      helpValue: 'BOUNDARY',
    }),
    yes: Flags.boolean({char: 'y', summary: 'do not ask; needed without a terminal and with --json'}),
    mode: Flags.string({
      summary:
        'off: leave alone; warn: tell, do not change; on: change what holds space in a boundary (rack/r1) or a kind (rack)',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'BOUNDARY=MODE',
    }),
    parallel: Flags.integer({summary: 'how many changes are made at once', default: 4, min: 1, max: 64}),
    topology: Flags.string({
      summary: 'refuse the plan when the topology there is not the one that it was made for',
      helpValue: 'PATH',
    }),
    'use-tolerance': Flags.string({
      summary: 'how far the use of a host may have moved since the plan was made, as a share of its capacity',
      default: '5%',
      helpValue: 'SHARE',
    }),
    'allow-infeasible': Flags.boolean({summary: 'apply a plan that does not cover every scenario'}),
    'allow-unsafe-shrink': Flags.boolean({
      summary: 'give space back even while the target repairs or holds more than was foreseen',
    }),
    'detailed-exitcode': Flags.boolean({
      summary: 'exit with 7 when a dry run finds changes to make',
      dependsOn: ['dry-run'],
    }),
    'as-of': asOfFlag,
  };

  async run(): Promise<ApplyReport | DriftReport | DesiredState> {
    const {check, render, rollback} = this.flags;
    const access = await readAccess(this.flags, this.signal);
    if (check) return this.check(access);
    if (render !== undefined) return this.renderInto(render, access);
    if (!this.flags['dry-run']) this.refuseUnasked();
    const report = await this.change(access, rollback);
    const {renderApply} = await import('../views/apply-view.js');
    for (const remark of report.remarks) this.note(remark);
    this.print(await renderApply(report));
    if (report.withheld.some(({cause}) => cause === 'unsafe-shrink')) process.exitCode = 4;
    else if (this.flags['detailed-exitcode'] && report.pending.length > 0) process.exitCode = 7;
    return report;
  }

  private async change(access: TargetAccess, journalPath: string | undefined): Promise<ApplyReport> {
    const {flags} = this;
    const {applyPlanFile, releasePlanBuffer, rollBackJournal} =
      await import('../lib/workflows/apply-plan.js');
    const {askToApply} = await import('../views/apply-view.js');
    const common = {
      ...{target: flags.target, access, dryRun: flags['dry-run'], parallel: flags.parallel},
      actor: await this.actor(),
      allowUnsafeShrink: flags['allow-unsafe-shrink'],
      confirm: async (preview: ApplyResult) => flags.yes || (await askToApply(preview, this.signal)),
      signal: this.signal,
    };
    if (journalPath !== undefined) return rollBackJournal({...common, journalPath});
    const planPath = this.needPlan();
    if (flags.release !== undefined) return releasePlanBuffer({...common, planPath, boundary: flags.release});
    return applyPlanFile({
      ...common,
      ...{planPath, nowUs: this.nowUs(flags['as-of']), topologyPath: flags.topology},
      allowInfeasible: flags['allow-infeasible'],
      useToleranceShare: parseFlag('use-tolerance', flags['use-tolerance'], parseShare, '5%'),
      modes: parseModes(flags.mode ?? []),
    });
  }

  private async check(access: TargetAccess): Promise<DriftReport> {
    const {checkPlanOnTarget} = await import('../lib/workflows/apply-plan.js');
    const report = await checkPlanOnTarget({planPath: this.needPlan(), target: this.flags.target, access});
    const {renderDrift} = await import('../views/apply-view.js');
    this.print(await renderDrift(report));
    if (report.drifted.length > 0) process.exitCode = 4;
    return report;
  }

  private async renderInto(file: string, access: TargetAccess): Promise<DesiredState> {
    const {renderPlanFor} = await import('../lib/workflows/apply-plan.js');
    const out = file === '-' ? undefined : file;
    const state = await renderPlanFor({planPath: this.needPlan(), target: this.flags.target, access, out});
    if (out === undefined) this.print(JSON.stringify(state, undefined, 2));
    return state;
  }

  private needPlan(): string {
    if (this.args.plan !== undefined) return this.args.plan;
    throw new UsageError('no-plan', 'no plan was named', {hints: ['foreshadow apply plan.json']});
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

/** `rack/r1=warn`: the boundary is everything before the last `=`. */
function parseModes(texts: readonly string[]): ReadonlyMap<string, BoundaryMode> {
  const entries = texts.map((text) => {
    const at = text.lastIndexOf('=');
    const mode = MODES.find((known) => known === text.slice(at + 1));
    return [text.slice(0, at), parseFlag('mode', text, () => (at < 1 ? undefined : mode), 'rack/r1=warn')];
  });
  return new Map(entries as [string, BoundaryMode][]);
}
