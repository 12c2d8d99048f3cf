import {Args} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import {needTopology, topologyFlag} from '../../flags.js';
import type {PlanVerification} from '../../lib/workflows/verify-plan.js';

/** `foreshadow plan verify` */
export default class PlanVerifyCommand extends BaseCommand<typeof PlanVerifyCommand> {
  static override summary = 'Check the certificate of a plan, copy by copy, without the code that made it';
  static override description =
    'The plan must have been made with --certificate. Exits with 4 when the certificate does not prove what the plan ' +
    'says for this topology, and tells everything that is wrong.';
  static override examples = [
    '<%= config.bin %> plan --topology cluster.yaml --certificate --out plan.json',
    '<%= config.bin %> <%= command.id %> plan.json --topology cluster.yaml',
  ];
  static override args = {plan: Args.string({description: 'plan file with a certificate', required: true})};
  static override flags = {topology: topologyFlag};

  async run(): Promise<PlanVerification> {
    const {verifyPlanFile} = await import('../../lib/workflows/verify-plan.js');
    const verification = await verifyPlanFile(this.args.plan, needTopology(this.flags.topology));
    const {renderVerification} = await import('../../views/verify-view.js');
    this.print(renderVerification(verification));
    if (!verification.accepted) process.exitCode = 4;
    return verification;
  }
}
