import {eachHost, hasHost, hostSetOf, type HostSet} from '../topology/index.js';
import type {ScenarioNet} from './compile-topology.js';
import {mostIn, type MostSpace, rankBySpace} from './most-space.js';

/** Bytes that a group sends to a class of hosts. */
export interface Sent {
  readonly group: number;
  readonly hostClass: number;
  bytes: number;
}

/** How far a demand fits into the space on the hosts, if volumes could be cut into bytes. */
export interface Routing {
  readonly placedBytes: number;
  /** What goes where; entries of no bytes are left out. */
  readonly sent: readonly Readonly<Sent>[];
  /** Bytes of each group that did not fit; which groups they are left with depends on the order, their sum does not. */
  readonly unsentBytes: Float64Array;
  /**
   * When not all fits: groups whose demand exceeds what all hosts they may use hold together (a Hall violator, the
   * source side of a minimum cut). Empty when all fits.
   */
  readonly shortGroups: readonly number[];
  /** The classes that those groups may use. */
  readonly shortClasses: readonly number[];
}

/**
 * Maximum flow from groups through host classes: greedily first, then Dinic's algorithm (1970) for what is left.
 * `hostBytes` is the space on each host. Bytes are whole numbers, so sums up to 2^53 are exact. For volumes that lose
 * several copies the flow is a relaxation: it does not keep the copies apart.
 */
export function routeDemand(
  net: ScenarioNet,
  groupBytes: Float64Array,
  hostBytes: ArrayLike<number>,
): Routing {
  const graph = startGraph(net, groupBytes, hostBytes);
  sendGreedily(graph, net.restrictedFirst);
  const isAllSent = graph.unsent.every((bytes) => bytes <= 0);
  if (!isAllSent) augmentAll(graph);
  let placedBytes = 0;
  for (let group = 0; group < groupBytes.length; group += 1)
    placedBytes += (groupBytes[group] ?? 0) - (graph.unsent[group] ?? 0);
  const sent = graph.sentTo.flat().filter(({bytes}) => bytes > 0);
  const short = isAllSent ? {shortGroups: [], shortClasses: []} : sourceSide(graph, groupBytes);
  return {placedBytes, sent, unsentBytes: graph.unsent, ...short};
}

/** The groups with demand and the classes within reach of what was not sent: a minimum cut. */
function sourceSide(
  {groupCount, level}: Graph,
  groupBytes: Float64Array,
): Pick<Routing, 'shortGroups' | 'shortClasses'> {
  const shortGroups: number[] = [];
  const shortClasses: number[] = [];
  for (const [node, distance] of level.entries()) {
    if (distance < 0) continue;
    if (node >= groupCount) shortClasses.push(node - groupCount);
    else if ((groupBytes[node] ?? 0) > 0) shortGroups.push(node);
  }
  return {shortGroups, shortClasses};
}

/** Nodes: groups, then classes. Arcs from a group have no limit; a class's arc back to a group undoes what was sent. */
interface Graph {
  readonly groupCount: number;
  readonly classCount: number;
  readonly groupClasses: ScenarioNet['groupClasses'];
  /** Demand of each group not yet sent. */
  readonly unsent: Float64Array;
  /** Space of each class not yet used. */
  readonly free: Float64Array;
  /** For each class what groups send to it: few send to one, so they are listed. */
  readonly sentTo: readonly Sent[][];
  /** By `class * groupCount + group`. */
  readonly sentBy: Map<number, Sent>;
  /** Distance from the unsent groups; -1: out of reach. */
  readonly level: Int32Array;
  /** The arc that each node tries next: a class for a group, an entry of sentTo for a class. */
  readonly next: Int32Array;
}

function startGraph(net: ScenarioNet, groupBytes: Float64Array, hostBytes: ArrayLike<number>): Graph {
  const groupCount = net.groupHosts.length;
  const classCount = net.classHosts.length;
  const free = new Float64Array(classCount);
  for (let index = 0; index < classCount; index += 1)
    for (const host of net.classHosts[index] ?? []) free[index] = (free[index] ?? 0) + (hostBytes[host] ?? 0);
  return {
    groupCount,
    classCount,
    groupClasses: net.groupClasses,
    unsent: groupBytes.slice(),
    free,
    sentTo: net.classHosts.map(() => []),
    sentBy: new Map(),
    level: new Int32Array(groupCount + classCount),
    next: new Int32Array(groupCount + classCount),
  };
}

/** Dinic's phases. What was sent greedily, each pair once, is looked up from here on. */
function augmentAll(graph: Graph): void {
  for (const sent of graph.sentTo.flat())
    graph.sentBy.set(sent.hostClass * graph.groupCount + sent.group, sent);
  while (layer(graph)) augment(graph);
}

function send(graph: Graph, group: number, hostClass: number, bytes: number): void {
  const key = hostClass * graph.groupCount + group;
  const known = graph.sentBy.get(key);
  if (known !== undefined) {
    known.bytes += bytes;
    return;
  }
  const sent = {group, hostClass, bytes};
  graph.sentBy.set(key, sent);
  graph.sentTo[hostClass]?.push(sent);
}

/** Up to so many classes looking at all of them is faster than keeping a heap. */
const FEW_CLASSES = 64;

/** In the order given, each to the class with the most space left. */
function sendGreedily(graph: Graph, order: Int32Array): void {
  const ranked = graph.classCount > FEW_CLASSES ? rankBySpace(graph.free) : undefined;
  for (const group of order) {
    const allowed = graph.groupClasses[group];
    if (allowed !== undefined) sendGroup(graph, group, allowed, ranked);
  }
}

function sendGroup(graph: Graph, group: number, allowed: HostSet, ranked: MostSpace | undefined): void {
  const {unsent, free, sentTo} = graph;
  let leftBytes = unsent[group] ?? 0;
  while (leftBytes > 0) {
    const most =
      ranked === undefined ? mostIn(free, allowed) : ranked.take((index) => hasHost(allowed, index));
    const space = most < 0 ? 0 : (free[most] ?? 0);
    const bytes = Math.min(leftBytes, space);
    if (most >= 0) free[most] = space - bytes;
    if (most >= 0) ranked?.putBack(most);
    if (bytes <= 0) break;
    leftBytes -= bytes;
    sentTo[most]?.push({group, hostClass: most, bytes});
  }
  unsent[group] = leftBytes;
}

/** Breadth-first levels from every group with demand left; whether a class with space is within reach. */
function layer(graph: Graph): boolean {
  const {groupCount, classCount, groupClasses, level, unsent, free} = graph;
  level.fill(-1);
  graph.next.fill(0);
  const queue: number[] = [];
  const visit = (node: number, atLevel: number): void => {
    if (level[node] !== -1) return;
    level[node] = atLevel;
    queue.push(node);
  };
  unsent.forEach((bytes, group) => {
    if (bytes > 0) visit(group, 0);
  });
  const unseen = hostSetOf(Array.from({length: classCount}).keys(), classCount);
  let reached = false;
  for (let head = 0; head < queue.length; head += 1) {
    const node = queue[head] ?? 0;
    const beyond = (level[node] ?? 0) + 1;
    if (node < groupCount) {
      const classes = groupClasses[node];
      if (classes)
        takeOut(unseen, classes, (index) => {
          visit(groupCount + index, beyond);
        });
    } else {
      const index = node - groupCount;
      if ((free[index] ?? 0) > 0) reached = true;
      for (const {group, bytes} of graph.sentTo[index] ?? []) if (bytes > 0) visit(group, beyond);
    }
  }
  return reached;
}

/** Moves what both sets hold out of the first, and calls `visit` with it. */
function takeOut(from: HostSet, wanted: HostSet, visit: (index: number) => void): void {
  for (let word = 0; word < from.length; word += 1) {
    const both = (from[word] ?? 0) & (wanted[word] ?? 0);
    if (both === 0) continue;
    from[word] = (from[word] ?? 0) & ~both;
    eachHost(Uint32Array.of(both), (bit) => {
      visit(word * 32 + bit);
    });
  }
}

/** A blocking flow along the levels. */
function augment(graph: Graph): void {
  graph.unsent.forEach((_, group) => {
    for (;;) {
      const pushed = pushFromGroup(graph, group, graph.unsent[group] ?? 0);
      if (pushed === 0) return;
      graph.unsent[group] = (graph.unsent[group] ?? 0) - pushed;
    }
  });
}

/** Sends up to `bytes` from a group down one path. The path is at most as deep as the graph has nodes. */
function pushFromGroup(graph: Graph, group: number, bytes: number): number {
  const {groupCount, classCount, level, next} = graph;
  const classes = graph.groupClasses[group];
  if (bytes <= 0 || classes === undefined) return 0;
  for (; (next[group] ?? 0) < classCount; next[group] = (next[group] ?? 0) + 1) {
    const index = next[group] ?? 0;
    if (level[groupCount + index] !== (level[group] ?? 0) + 1 || !hasHost(classes, index)) continue;
    const pushed = pushFromClass(graph, index, bytes);
    if (pushed === 0) continue;
    send(graph, group, index, pushed);
    return pushed;
  }
  return 0;
}

/** Into the class's own space, or by moving on what another group sent to it. */
function pushFromClass(graph: Graph, index: number, bytes: number): number {
  const {free} = graph;
  const own = Math.min(bytes, free[index] ?? 0);
  if (own === 0) return moveOn(graph, index, bytes);
  free[index] = (free[index] ?? 0) - own;
  return own;
}

function moveOn(graph: Graph, index: number, bytes: number): number {
  const {groupCount, level, next} = graph;
  const node = groupCount + index;
  const sentHere = graph.sentTo[index] ?? [];
  for (; (next[node] ?? 0) < sentHere.length; next[node] = (next[node] ?? 0) + 1) {
    const back = sentHere[next[node] ?? 0];
    if (back === undefined || level[back.group] !== (level[node] ?? 0) + 1) continue;
    const pushed = pushFromGroup(graph, back.group, Math.min(bytes, back.bytes));
    if (pushed === 0) continue;
    back.bytes -= pushed;
    return pushed;
  }
  return 0;
}
