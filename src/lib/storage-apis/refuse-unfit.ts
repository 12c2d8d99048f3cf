import type {Plan} from '../allocation/index.js';
import {CheckError, type Diagnostic, formatInstantUs, parseInstantUs, StaleError} from '../core/index.js';
import type {Inventory} from './target.js';

/** What makes a plan fit to be applied. */
export interface FitRules {
  /** Compared with the plan's expiry. */
  readonly nowUs: number;
  /** Apply a plan that does not cover every scenario. */
  readonly allowInfeasible: boolean;
  /** How far the use of a host may have moved since the plan was made, as a share of its capacity. */
  readonly useToleranceShare: number;
  /** Serial of the topology as it is now; absent: not looked at. */
  readonly topologySerial?: string | undefined;
}

/**
 * Throws StaleError for a plan that has expired, or whose topology or hosts' use moved too far, CheckError for one that
 * does not cover every scenario.
 */
export function refuseUnfit(plan: Plan, inventory: Inventory, rules: FitRules): void {
  refuseExpired(plan, rules.nowUs);
  if (rules.topologySerial !== undefined && rules.topologySerial !== plan.topologySerial) {
    throw new StaleError('topology-moved', 'the topology is not the one that the plan was made for', {
      hints: ['make a new plan'],
    });
  }
  const moved = movedHosts(plan, inventory, rules.useToleranceShare);
  if (moved.length > 0) {
    throw new StaleError('use-moved', `${inventory.target} moved too far since the plan was made`, {
      diagnostics: moved,
      hints: ['make a new plan', 'allow more with --use-tolerance SHARE of a host'],
    });
  }
  if (!plan.feasible && !rules.allowInfeasible) throw infeasible(plan);
}

function refuseExpired({expiresAt}: Plan, nowUs: number): void {
  if (nowUs < (parseInstantUs(expiresAt) ?? Number.NEGATIVE_INFINITY)) return;
  throw new StaleError('expired-plan', `the plan expired at ${expiresAt}; it is ${formatInstantUs(nowUs)}`, {
    hints: ['make a new plan'],
  });
}

function movedHosts({hosts, basis}: Plan, inventory: Inventory, toleranceShare: number): Diagnostic[] {
  const usedThen = new Map(basis?.usedBytes?.map(({host, bytes}) => [host, bytes]));
  return hosts.flatMap(({host, capacityBytes}): Diagnostic[] => {
    const most = toleranceShare * capacityBytes;
    const capacityNow = inventory.capacityBytes?.get(host);
    // A target may hold a part of the hosts only: gone is one that it knew when the plan was made.
    const isGone = usedThen.has(host) && inventory.usedBytes?.has(host) !== true;
    if (isGone) return [moved('host-gone', host, 'the target does not have it')];
    const found: Diagnostic[] = [];
    if (capacityNow !== undefined && Math.abs(capacityNow - capacityBytes) > most) {
      const message = `the target says ${capacityNow} bytes of capacity, the plan ${capacityBytes}`;
      found.push(moved('capacity-moved', host, message));
    }
    const [now, then] = [inventory.usedBytes?.get(host), usedThen.get(host)];
    if (now !== undefined && then !== undefined && Math.abs(now - then) > most) {
      const message = `${now} bytes are used, ${then} were when the plan was made`;
      found.push(moved('use-moved', host, message));
    }
    return found;
  });
}

function moved(code: string, host: string, message: string): Diagnostic {
  return {severity: 'error', code, at: `host ${host}`, message};
}

function infeasible({uncovered}: Plan): CheckError {
  return new CheckError('infeasible-plan', 'the plan does not cover every scenario', {
    diagnostics: uncovered.map(({scenario, message}) => ({
      severity: 'error',
      code: 'uncovered',
      at: scenario,
      message,
    })),
    hints: ['add --allow-infeasible to hold at least what it asks for'],
  });
}
