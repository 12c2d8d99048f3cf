import {formatBytes} from '../core/index.js';
import type {PlanFacts} from './plan-facts.js';
import type {Plan} from './plan-file.js';

/** One row a scenario: what it needs, what is held for it, and whether that is enough. */
export function tellBoundaries({compiled, decision, demands, placements}: PlanFacts): Plan['boundaries'] {
  const {scenarios, hosts} = compiled.topology;
  const needs = new Map(decision.needs.map((need) => [need.scenario, need]));
  const heldBytes = decision.reserveBytes.reduce((sum, bytes) => sum + bytes, 0);
  return scenarios.map((scenario, index) => {
    const need = needs.get(scenario.id);
    const insideBytes = scenario.hosts.reduce((sum, host) => sum + (decision.reserveBytes[host] ?? 0), 0);
    return {
      scenario: scenario.id,
      hosts: scenario.hosts.map((host) => hosts[host]?.id ?? ''),
      demandBytes: demands[index]?.totalBytes ?? 0,
      requiredBytes: Math.ceil(need?.requiredBytes ?? 0),
      heldBytes: heldBytes - insideBytes,
      stuckBytes: placements[index]?.stuckBytes ?? 0,
      reason: need?.reason ?? 'the policy says nothing of it',
    };
  });
}

/** One row a host: the reserve, and which scenario needs it. */
export function tellHosts(facts: PlanFacts, currentReserveBytes: Float64Array): Plan['hosts'] {
  const {compiled, use, decision} = facts;
  const reasons = tellWhy(facts);
  return compiled.topology.hosts.map(({id, capacityBytes}, host) => ({
    host: id,
    capacityBytes,
    predictedUsedBytes: use.hostUsedBytes[host] ?? 0,
    roomBytes: use.roomBytes[host] ?? 0,
    currentReserveBytes: currentReserveBytes[host] ?? 0,
    reserveBytes: decision.reserveBytes[host] ?? 0,
    reason: reasons[host] ?? '',
  }));
}

/** The difference between what is held now and the decision, host by host. */
export function tellChanges(facts: PlanFacts, currentReserveBytes: Float64Array): Plan['changes'] {
  const reasons = tellWhy(facts);
  return facts.compiled.topology.hosts.flatMap(({id}, host): Plan['changes'] => {
    const fromBytes = currentReserveBytes[host] ?? 0;
    const toBytes = facts.decision.reserveBytes[host] ?? 0;
    if (fromBytes === toBytes) return [];
    const action = toBytes > fromBytes ? 'allocate' : 'deallocate';
    const difference = `${action} ${formatBytes(Math.abs(toBytes - fromBytes))}`;
    return [{host: id, action, fromBytes, toBytes, reason: `${difference}: ${reasons[host] ?? ''}`}];
  });
}

/** For each host the scenario that puts the most on it. */
function tellWhy({compiled, decision, demands, placements}: PlanFacts): string[] {
  const most = compiled.topology.hosts.map(() => ({bytes: 0, copies: 0, scenario: ''}));
  placements.forEach((placement, index) => {
    const sizeOf = new Map<number, number>();
    compiled.nets[index]?.volumes.forEach((volume, entry) => {
      sizeOf.set(volume, demands[index]?.sizes[entry] ?? 0);
    });
    const load = compiled.topology.hosts.map(() => ({bytes: 0, copies: 0}));
    placement.hosts.forEach((host, item) => {
      const taken = load[host];
      if (taken === undefined) return;
      taken.bytes += sizeOf.get(placement.volumes[item] ?? -1) ?? 0;
      taken.copies += 1;
    });
    const scenario = compiled.topology.scenarios[index]?.id ?? '';
    load.forEach((taken, host) => {
      if (taken.bytes > (most[host]?.bytes ?? 0)) most[host] = {...taken, scenario};
    });
  });
  return most.map((load, host) => {
    const held = decision.reserveBytes[host] ?? 0;
    const note = decision.hostNotes?.[host];
    if (note === undefined) return whyHeld(load, held);
    return load.bytes === 0 && held > 0
      ? `no known volume needs it; ${note}`
      : `${whyHeld(load, held)}; ${note}`;
  });
}

function whyHeld(
  {bytes, copies, scenario}: {readonly bytes: number; readonly copies: number; readonly scenario: string},
  held: number,
): string {
  if (bytes === 0) return held === 0 ? 'no scenario needs space here' : 'held by rule: no scenario needs it';
  const part = bytes < held ? ` of the ${formatBytes(held)} held` : '';
  return `${scenario} needs the most here: ${copies} ${copies === 1 ? 'copy' : 'copies'}, ${formatBytes(bytes)}${part}`;
}
