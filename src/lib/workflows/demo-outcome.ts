import type {Plan} from '../allocation/index.js';
import {sum} from '../core/index.js';
import {LOCAL_ACCESS, openTarget} from '../storage-apis/index.js';
import type {ReplayReport} from './replay-policies.js';

/** How one policy did in replay, and what the ledger held by it. */
export interface PolicyRow {
  readonly policy: string;
  readonly heldByteHours: number;
  readonly stuckBytes: number;
  readonly repairedShare: number;
  /** Absent for the oracle when nothing is needed at all. */
  readonly reserveVsOracle?: number;
}

/** What was held before and after, and what it was worth in replay. */
export interface HeldBytes {
  /** In all, by the ledger. */
  readonly beforeBytes: number;
  readonly afterBytes: number;
  readonly hosts: readonly {
    readonly host: string;
    readonly beforeBytes: number;
    readonly afterBytes: number;
  }[];
  /** The applied plan covers every scenario, by the word of the independent checker. */
  readonly feasible: boolean;
  /** In the order of the replay: the fewest bytes stuck first. */
  readonly policies: readonly PolicyRow[];
  /** The policies that hold more byte-hours than `shared` while it leaves no more bytes stuck than they do. */
  readonly sharedBeats: readonly string[];
}

/** Reads back what the target holds, and sets it beside what it held when the plan was made and beside the replay. */
export async function compareHeld(plan: Plan, target: string, {scores}: ReplayReport): Promise<HeldBytes> {
  const {reserveBytes} = await openTarget(target, LOCAL_ACCESS).readInventory();
  const hosts = plan.hosts.map(({host, currentReserveBytes}) => ({
    host,
    beforeBytes: currentReserveBytes,
    afterBytes: reserveBytes.get(host) ?? 0,
  }));
  const shared = scores.find(({policy}) => policy === 'shared');
  const sharedBeats = scores.filter(
    ({policy, heldByteHours, stuckBytes}) =>
      policy !== 'shared' &&
      shared !== undefined &&
      shared.heldByteHours < heldByteHours &&
      shared.stuckBytes <= stuckBytes,
  );
  return {
    beforeBytes: sum(hosts.map(({beforeBytes}) => beforeBytes)),
    afterBytes: sum(hosts.map(({afterBytes}) => afterBytes)),
    hosts,
    feasible: plan.feasible,
    policies: scores.map(({policy, heldByteHours, stuckBytes, repairedShare, reserveVsOracle}) => ({
      ...{policy, heldByteHours, stuckBytes, repairedShare},
      ...(reserveVsOracle === undefined ? {} : {reserveVsOracle}),
    })),
    sharedBeats: sharedBeats.map(({policy}) => policy),
  };
}
