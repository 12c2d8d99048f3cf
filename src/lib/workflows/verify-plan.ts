import {
  type CertificateViolation,
  hasCertificate,
  type Plan,
  PLAN_KIND,
  verifyPlan,
} from '../allocation/index.js';
import {InputError, readArtifact} from '../core/index.js';
import {readTopology} from '../topology/index.js';

/** What `plan verify` found. */
export interface PlanVerification {
  readonly plan: string;
  readonly topology: string;
  readonly accepted: boolean;
  readonly scenarioCount: number;
  /** Copies that the certificate places, over all scenarios. */
  readonly copyCount: number;
  /** `scenario` is empty for what is wrong in every scenario. */
  readonly problems: readonly CertificateViolation[];
}

/**
 * Checks the certificate of a plan file against a topology, independently of what made the plan.
 * Throws InputError when one of them cannot be read or the plan has no certificate.
 */
export async function verifyPlanFile(planPath: string, topologyPath: string): Promise<PlanVerification> {
  const plan = await readArtifact<Plan>(planPath, PLAN_KIND);
  if (!hasCertificate(plan)) {
    throw new InputError('no-certificate', `${planPath}: the plan has no certificate`, {
      hints: [`foreshadow plan --certificate --out ${planPath}`],
    });
  }
  const problems = verifyPlan(plan, await readTopology(topologyPath));
  return {
    plan: planPath,
    topology: topologyPath,
    accepted: problems.length === 0,
    scenarioCount: plan.certificate.length,
    copyCount: plan.certificate.reduce((sum, {placements}) => sum + placements.length, 0),
    problems,
  };
}
