import type {Readings} from './trace-format.js';

/**
 * The stage of a request that is counted, of the several that the kernel's block layer logs: as it is queued, issued to
 * the device, or completed by it. Counting more than one would count its bytes twice.
 */
export type BlockAction = NonNullable<Readings['action']>;

export const DEFAULT_ACTION: BlockAction = 'Q';

/** The name of a block device as blkparse prints it, `8,16`. */
export function deviceName(major: number, minor: number): string {
  return `${major},${minor}`;
}

/** What to say of an input that has other actions and not the one that is counted; undefined when it has that. */
export function missingAction(
  wanted: BlockAction,
  seen: Readonly<Record<BlockAction, number>>,
): string | undefined {
  const others = Object.entries(seen).filter(([, count]) => count > 0);
  if (seen[wanted] > 0 || others.length === 0) return undefined;
  const list = others.map(([action, count]) => `${action} (${count})`).join(', ');
  return `none is of action ${wanted}; there are ${list}: --action says which to count`;
}
