import type {Plan} from '../../allocation/index.js';
import {sum} from '../../core/index.js';

type Boundary = Plan['boundaries'][number];

/** How much more is held for a scenario than it needs; below 0: so much is missing. */
export function slackOf({heldBytes, requiredBytes, stuckBytes}: Boundary): number {
  return stuckBytes > 0 ? -stuckBytes : heldBytes - requiredBytes;
}

/** Those with the least slack for what they need first; boundaries of one host, which are many, after the others. */
export function tightestFirst(boundaries: readonly Boundary[]): readonly Boundary[] {
  const rankOf = (row: Boundary): number => (slackOf(row) < 0 ? 0 : row.hosts.length > 1 ? 1 : 2);
  const shareOf = (row: Boundary): number => slackOf(row) / Math.max(1, row.requiredBytes);
  return boundaries.toSorted((left, right) => rankOf(left) - rankOf(right) || shareOf(left) - shareOf(right));
}

/** Bytes to hold on all hosts, and bytes held on them now. */
export function totalsOf({hosts}: Plan): {
  readonly reserveBytes: number;
  readonly currentBytes: number;
  readonly capacityBytes: number;
} {
  return {
    reserveBytes: sum(hosts.map(({reserveBytes}) => reserveBytes)),
    currentBytes: sum(hosts.map(({currentReserveBytes}) => currentReserveBytes)),
    capacityBytes: sum(hosts.map(({capacityBytes}) => capacityBytes)),
  };
}
