import {formatBytes} from '../core/index.js';
import {hasHost} from '../topology/index.js';
import {placeScenario} from './certificate.js';
import type {PlanFacts} from './plan-facts.js';
import type {Plan} from './plan-file.js';
import type {ShortCut} from './policy.js';
import {findShortCut} from './short-cut.js';

type Uncovered = Plan['uncovered'][number];

/** What no reserve covers, what this one does not cover, and volumes of which nothing would be left. */
export function tellUncovered(facts: PlanFacts): Plan['uncovered'] {
  const {compiled, placements} = facts;
  return compiled.nets.flatMap((net, index) => {
    const told: Uncovered[] = [];
    if (net.lostVolumes.length > 0) told.push(tellLost(facts, index));
    if (placements[index]?.hosts.includes(-1) ?? false) told.push(tellStuck(facts, index));
    return told;
  });
}

function tellLost({compiled, use}: PlanFacts, index: number): Uncovered {
  const scenario = compiled.topology.scenarios[index]?.id ?? '';
  const lost = [...(compiled.nets[index]?.lostVolumes ?? [])];
  const volumes = lost.map((volume) => compiled.topology.volumes[volume]?.id ?? '');
  const demandBytes = Math.ceil(lost.reduce((sum, volume) => sum + (use.volumeBytes[volume] ?? 0), 0));
  const message = `if ${scenario} fails, every copy of ${count(volumes.length, 'volume')} is lost (${listSome(volumes, 3)}): no buffer brings them back`;
  return {scenario, volumes, hosts: [], demandBytes, roomBytes: 0, message};
}

function tellStuck(facts: PlanFacts, index: number): Uncovered {
  const {compiled, use, decision, demands} = facts;
  const net = compiled.nets[index];
  const demand = demands[index];
  if (net === undefined || demand === undefined) return tellUnproven(facts, index);
  const atRoom = findShortCut(compiled, net, demand, use.roomBytes);
  if (atRoom) return tellCut(atRoom, ['has', 'have'], '');
  const inRoom = placeScenario(compiled, net, demand, use.roomBytes);
  const atReserve = findShortCut(compiled, net, demand, decision.reserveBytes);
  return atReserve === undefined || inRoom.hosts.includes(-1)
    ? tellUnproven(facts, index)
    : tellCut(atReserve, ['holds', 'hold'], ' by this policy, though there is room for more');
}

/** `verb` in the singular and the plural, for the hosts. */
function tellCut(cut: ShortCut, verb: readonly [string, string], remark: string): Uncovered {
  const {scenario, volumes, hosts, demandBytes, roomBytes} = cut;
  const need = volumes.length === 1 ? 'needs' : 'need';
  const who = `if ${scenario} fails, ${count(volumes.length, 'volume')} ${need} ${formatBytes(demandBytes)}`;
  const message =
    hosts.length === 0
      ? `${who}, but their rules leave no host that may take them (${listSome(volumes, 3)})`
      : `${who} on ${listSome(hosts, 8)}, which ${verb[hosts.length === 1 ? 0 : 1]} ${formatBytes(roomBytes)}${remark}`;
  return {scenario, volumes: [...volumes], hosts: [...hosts], demandBytes, roomBytes, message};
}

/** Cut into bytes it would fit, but no placement of whole volumes was found. */
function tellUnproven(facts: PlanFacts, index: number): Uncovered {
  const {compiled, placements, decision} = facts;
  const {topology, nets} = compiled;
  const scenario = topology.scenarios[index]?.id ?? '';
  const placement = placements[index];
  const stuck = new Set(
    [...(placement?.volumes ?? [])].filter((_, item) => (placement?.hosts[item] ?? 0) < 0),
  );
  const net = nets[index];
  const groups = [...stuck].flatMap(
    (volume) => net?.groupHosts[net.groupOf[net.volumes.indexOf(volume)] ?? -1] ?? [],
  );
  const hosts = [...topology.hosts.keys()].filter(
    (host) => net && hasHost(net.alive, host) && groups.some((group) => hasHost(group, host)),
  );
  const volumes = [...stuck].map((volume) => topology.volumes[volume]?.id ?? '');
  return {
    scenario,
    volumes,
    hosts: hosts.map((host) => topology.hosts[host]?.id ?? ''),
    demandBytes: placement?.stuckBytes ?? 0,
    roomBytes: hosts.reduce((sum, host) => sum + (decision.reserveBytes[host] ?? 0), 0),
    message: `if ${scenario} fails, ${unplacedInWords(facts, index, [...stuck], hosts)}`,
  };
}

function unplacedInWords(
  {compiled, decision, demands}: PlanFacts,
  index: number,
  stuck: readonly number[],
  hosts: readonly number[],
): string {
  const ids = stuck.map((volume) => compiled.topology.volumes[volume]?.id ?? '');
  const who = `${count(ids.length, 'volume')} (${listSome(ids, 3)})`;
  if (hosts.length === 0) return `the rules leave no host for ${who}`;
  const entries = stuck.map((volume) => compiled.nets[index]?.volumes.indexOf(volume) ?? -1);
  const largestBytes = Math.max(...entries.map((entry) => demands[index]?.sizes[entry] ?? 0));
  const mostBytes = Math.max(...hosts.map((host) => decision.reserveBytes[host] ?? 0));
  return largestBytes > mostBytes
    ? `no whole place is held for ${who}: the largest needs ${formatBytes(largestBytes)} on one host, and none that may take it holds more than ${formatBytes(mostBytes)}`
    : `no placement of whole volumes was found for ${who}, though their bytes alone would fit`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function listSome(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(', ');
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}
