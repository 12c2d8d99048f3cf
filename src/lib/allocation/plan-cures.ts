import {formatBytes} from '../core/index.js';
import type {Host} from '../topology/index.js';
import {leastGrowth, placeableDemand} from './least-growth.js';
import {leastWholeReserve} from './least-whole-reserve.js';
import {movesToCure} from './moves-to-cure.js';
import type {PlanFacts} from './plan-facts.js';
import type {Plan} from './plan-file.js';
import type {PolicyInput} from './policy.js';
import {roomOf} from './predicted-use.js';

/** How often what whole volumes still lack is added. */
const MOST_ROUNDS = 6;

type Cure = NonNullable<Plan['cures']>[number];

/**
 * What would make every scenario repairable for which the rules leave hosts, where not even the whole room does: which
 * hosts to grow and by how much, and which replicas to move. Each is tried by solving again; none when nothing is short.
 */
export async function tellCures(facts: PlanFacts, input: PolicyInput): Promise<readonly Cure[]> {
  const {compiled, demands, use} = facts;
  const before = await leastWholeReserve(compiled, demands, use.roomBytes);
  if (before.stuckBytes === 0) return [];
  const allowed = await tellAllowance(facts, input);
  if (allowed.length > 0) return allowed;
  return [...(await tellGrowth(facts)), ...tellMoves(facts, input)];
}

/** Where the most that a host may hold is what is short, and no capacity: how much would be held without it. */
async function tellAllowance({compiled, demands, use}: PlanFacts, {settings}: PolicyInput): Promise<Cure[]> {
  const mostBytes = settings.rules?.mostPerHostBytes;
  if (mostBytes === undefined) return [];
  const {reserveBytes, stuckBytes} = await leastWholeReserve(
    compiled,
    demands,
    roomOf(compiled, use.hostUsedBytes),
  );
  if (stuckBytes > 0) return [];
  const hosts = compiled.topology.hosts.flatMap(({id}, host) => {
    const bytes = reserveBytes[host] ?? 0;
    return bytes > mostBytes ? [{host: id, bytes}] : [];
  });
  const list = hosts.map(({host, bytes}) => `${host} ${formatBytes(bytes)}`).join(', ');
  const message = `let hosts hold more than ${formatBytes(mostBytes)}: with ${list} every scenario can be repaired`;
  const totalBytes = hosts.reduce((sum, {bytes}) => sum + bytes, 0);
  return [{kind: 'allow', hosts, moves: [], totalBytes, curesAll: true, message}];
}

async function tellGrowth(facts: PlanFacts): Promise<Cure[]> {
  const {compiled, demands, use} = facts;
  const {topology} = compiled;
  const homeless = compiled.nets.reduce((sum, net, scenario) => {
    return sum + (demands[scenario]?.totalBytes ?? 0) - placeableDemand(net, demands[scenario]).totalBytes;
  }, 0);
  let hosts = topology.hosts;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const roomBytes = roomOf({topology: {...topology, hosts}}, use.hostUsedBytes);
    const growth = await leastGrowth(compiled, demands, roomBytes);
    hosts = hosts.map((host, index) => grow(host, growth[index] ?? 0, roomBytes[index] ?? 0, facts, index));
    const grownBytes = roomOf({topology: {...topology, hosts}}, use.hostUsedBytes);
    const {stuckBytes} = await leastWholeReserve(compiled, demands, grownBytes);
    if (stuckBytes <= homeless) return nameGrowth(topology.hosts, hosts, homeless);
  }
  return [];
}

/** The host with so much more room. One that is too full has to come back to the fill limit first. */
function grow(host: Host, bytes: number, roomBytes: number, {compiled, use}: PlanFacts, index: number): Host {
  if (bytes === 0) return host;
  const neededBytes = (use.hostUsedBytes[index] ?? 0) + roomBytes + bytes + 1;
  return {...host, capacityBytes: Math.ceil(neededBytes / compiled.topology.fillLimit)};
}

function nameGrowth(before: readonly Host[], after: readonly Host[], homelessBytes: number): Cure[] {
  const named = before.flatMap(({id, capacityBytes}, index) => {
    const bytes = (after[index]?.capacityBytes ?? capacityBytes) - capacityBytes;
    return bytes > 0 ? [{host: id, bytes}] : [];
  });
  if (named.length === 0) return [];
  const total = named.reduce((sum, {bytes}) => sum + bytes, 0);
  const list = named.map(({host, bytes}) => `${host} by ${formatBytes(bytes)}`).join(', ');
  const rest =
    homelessBytes === 0
      ? 'then every scenario can be repaired'
      : `then all can be repaired but ${formatBytes(homelessBytes)} that the rules leave no host`;
  const message = `grow ${list} (${formatBytes(total)} in all): ${rest}`;
  return [{kind: 'grow', hosts: named, moves: [], totalBytes: total, curesAll: homelessBytes === 0, message}];
}

function tellMoves({compiled}: PlanFacts, input: PolicyInput): Cure[] {
  const moves = movesToCure(input);
  if (moves === undefined || moves.length === 0) return [];
  const {volumes, hosts} = compiled.topology;
  const named = moves.map(({volume, from, to, bytes}) => ({
    volume: volumes[volume]?.id ?? '',
    from: hosts[from]?.id ?? '',
    to: hosts[to]?.id ?? '',
    bytes,
  }));
  const list = named.map(({volume, from, to}) => `${volume} from ${from} to ${to}`).join(', ');
  const total = moves.reduce((sum, {bytes}) => sum + bytes, 0);
  return [
    {
      kind: 'move',
      hosts: [],
      moves: named,
      totalBytes: total,
      curesAll: true,
      message: `move ${list} (${formatBytes(total)} in all): then every scenario can be repaired`,
    },
  ];
}
