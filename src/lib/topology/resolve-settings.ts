import {type Diagnostic, parseRate} from '../core/index.js';
import type {Located, RawTopology} from './raw-topology.js';
import type {Topology} from './topology.js';

/** What a topology states for plans; what it does not state is absent. */
export function readPlanSettings(
  raw: Pick<RawTopology, 'recoveryRate' | 'priorityGrowth' | 'priorityAccess'>,
  faults: Diagnostic[],
): Pick<Topology, 'recoveryBytesPerSecond' | 'priority'> {
  const recoveryBytesPerSecond = raw.recoveryRate && readRate(raw.recoveryRate, faults);
  const priority = readPriority(raw, faults);
  return {
    ...(recoveryBytesPerSecond !== undefined && {recoveryBytesPerSecond}),
    ...(priority !== undefined && {priority}),
  };
}

function readPriority(
  {priorityGrowth, priorityAccess}: Pick<RawTopology, 'priorityGrowth' | 'priorityAccess'>,
  faults: Diagnostic[],
): Topology['priority'] {
  if (priorityGrowth === undefined && priorityAccess === undefined) return undefined;
  return {growth: readWeight(priorityGrowth, faults), access: readWeight(priorityAccess, faults)};
}

function readWeight(stated: Located | undefined, faults: Diagnostic[]): number {
  if (stated === undefined) return 0;
  const weight = stated.text.trim() === '' ? Number.NaN : Number(stated.text);
  if (weight >= 0 && Number.isFinite(weight)) return weight;
  const message = `a weight of priority is no number from 0 on: ${JSON.stringify(stated.text)}`;
  const advice = 'write a number such as 1 or 0.5; 0 leaves it out';
  faults.push({severity: 'error', code: 'bad-weight', at: stated.at, message, advice});
  return 0;
}

function readRate({at, text}: Located, faults: Diagnostic[]): number | undefined {
  const rate = parseRate(text);
  if (rate !== undefined) return rate;
  const message = `recoveryRate is not so many bytes a second: ${JSON.stringify(text)}`;
  faults.push({severity: 'error', code: 'bad-rate', at, message, advice: 'write it like 200MB/s'});
  return undefined;
}
