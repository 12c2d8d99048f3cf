import type {Plan} from '../allocation/index.js';
import {artifactText, InputError, sha256Hex, shortHash} from '../core/index.js';
import {type HistoryChange, openHistory} from '../monitoring/index.js';
import {readRawTopology, resolveTopology, topologyYaml} from '../topology/index.js';

export interface KeepPlanOptions {
  /** Of the store that was planned from: its history takes the plan. */
  readonly storePath: string;
  readonly plan: Plan;
  /** What the plan was made for, as it was then. */
  readonly topologyPath: string;
  /** Told before each change of a file; what it throws stops that. */
  readonly onChange?: ((change: HistoryChange) => void) | undefined;
}

/** Where a plan was kept. */
export interface KeptPlanSummary {
  readonly path: string;
  /** False: the same one was there. */
  readonly isNew: boolean;
}

/**
 * Keeps a plan in the history of its store, and the topology that it was made for: that may have changed when the promise of the
 * plan is looked at. The same plan again changes nothing. Throws InputError when the topology has changed since the
 * plan was made, TargetError when the disk refuses.
 */
export async function keepPlan({
  storePath,
  plan,
  topologyPath,
  onChange,
}: KeepPlanOptions): Promise<KeptPlanSummary> {
  const files = openHistory(storePath, onChange);
  const raw = await readRawTopology(topologyPath);
  const {serial} = resolveTopology(raw);
  if (serial !== plan.topologySerial) {
    throw new InputError(
      'topology-changed',
      `${topologyPath} is topology ${shortHash(serial)}, the plan was made for ${shortHash(plan.topologySerial)}`,
      {hints: ['plan again']},
    );
  }
  const topology = topologyFileName(serial);
  if (!files.has('topologies', topology))
    await files.write('topologies', topology, await topologyYaml(raw, `topology ${serial}`));
  const text = artifactText(plan);
  const name = planFileName(plan, text);
  const isNew = !files.has('plans', name);
  if (isNew) await files.write('plans', name, text);
  return {path: files.pathOf('plans', name), isNew};
}

/** Where the topology with a serial is kept. */
export function topologyFileName(serial: string): string {
  return `${shortHash(serial)}.yaml`;
}

/** Names of plans are in the order in which they were made. */
function planFileName({createdAt}: Plan, text: string): string {
  return `${createdAt.replace(/[-:]/g, '')}.${shortHash(sha256Hex(text))}.json`;
}
