import {eachHost, hasHost} from '../topology/index.js';
import type {ScenarioNet} from './compile-topology.js';

/** How far a demand fits into the space on the hosts, if volumes could be cut into bytes. */
export interface Routing {
  readonly placedBytes: number;
  /** Bytes that group g sends to class c, at `c * groupCount + g`. */
  readonly sentBytes: Float64Array;
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
  sendGreedily(graph);
  while (layer(graph)) augment(graph);
  const {groupCount, classCount, level, unsent} = graph;
  const isShort = (node: number): boolean => (level[node] ?? -1) >= 0;
  const all = (count: number): number[] => Array.from({length: count}, (_, index) => index);
  const placed = (total: number, bytes: number, group: number): number =>
    total + bytes - (unsent[group] ?? 0);
  return {
    placedBytes: groupBytes.reduce(placed, 0),
    sentBytes: graph.sent,
    unsentBytes: unsent,
    shortGroups: all(groupCount).filter((group) => isShort(group) && (groupBytes[group] ?? 0) > 0),
    shortClasses: all(classCount).filter((index) => isShort(groupCount + index)),
  };
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
  readonly sent: Float64Array;
  /** Distance from the unsent groups; -1: out of reach. */
  readonly level: Int32Array;
  /** The arc that each node tries next: a class for a group, a group for a class. */
  readonly next: Int32Array;
}

function startGraph(net: ScenarioNet, groupBytes: Float64Array, hostBytes: ArrayLike<number>): Graph {
  const groupCount = net.groupHosts.length;
  const classCount = net.classHosts.length;
  const free = Float64Array.from(net.classHosts, (hosts) =>
    hosts.reduce((total, host) => total + (hostBytes[host] ?? 0), 0),
  );
  return {
    groupCount,
    classCount,
    groupClasses: net.groupClasses,
    unsent: groupBytes.slice(),
    free,
    sent: new Float64Array(groupCount * classCount),
    level: new Int32Array(groupCount + classCount),
    next: new Int32Array(groupCount + classCount),
  };
}

/** Groups with the least space to choose from go first, each to the class with the most space left. */
function sendGreedily(graph: Graph): void {
  const {groupCount, groupClasses, unsent, free, sent} = graph;
  const choice = groupClasses.map((classes) => {
    let total = 0;
    eachHost(classes, (index) => {
      total += free[index] ?? 0;
    });
    return total;
  });
  const order = [...groupClasses.keys()].sort((left, right) => (choice[left] ?? 0) - (choice[right] ?? 0));
  for (const group of order) {
    const classes = groupClasses[group];
    while (classes && (unsent[group] ?? 0) > 0) {
      let best = -1;
      eachHost(classes, (index) => {
        if ((free[index] ?? 0) > (free[best] ?? 0)) best = index;
      });
      if (best < 0) break;
      const bytes = Math.min(unsent[group] ?? 0, free[best] ?? 0);
      unsent[group] = (unsent[group] ?? 0) - bytes;
      free[best] = (free[best] ?? 0) - bytes;
      sent[best * groupCount + group] = (sent[best * groupCount + group] ?? 0) + bytes;
    }
  }
}

/** Breadth-first levels from every group with demand left; whether a class with space is within reach. */
function layer(graph: Graph): boolean {
  const {groupCount, level, unsent, free, sent} = graph;
  level.fill(-1);
  graph.next.fill(0);
  const queue: number[] = [];
  unsent.forEach((bytes, group) => {
    if (bytes > 0) {
      level[group] = 0;
      queue.push(group);
    }
  });
  let reached = false;
  for (let head = 0; head < queue.length; head += 1) {
    const node = queue[head] ?? 0;
    const beyond = (level[node] ?? 0) + 1;
    const visit = (other: number): void => {
      if (level[other] !== -1) return;
      level[other] = beyond;
      queue.push(other);
    };
    if (node < groupCount) {
      const classes = graph.groupClasses[node];
      if (classes)
        eachHost(classes, (index) => {
          visit(groupCount + index);
        });
    } else {
      const index = node - groupCount;
      if ((free[index] ?? 0) > 0) reached = true;
      for (let group = 0; group < groupCount; group += 1) {
        if ((sent[index * groupCount + group] ?? 0) > 0) visit(group);
      }
    }
  }
  return reached;
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
  const {groupCount, classCount, level, next, sent} = graph;
  const classes = graph.groupClasses[group];
  if (bytes <= 0 || classes === undefined) return 0;
  for (; (next[group] ?? 0) < classCount; next[group] = (next[group] ?? 0) + 1) {
    const index = next[group] ?? 0;
    if (level[groupCount + index] !== (level[group] ?? 0) + 1 || !hasHost(classes, index)) continue;
    const pushed = pushFromClass(graph, index, bytes);
    if (pushed === 0) continue;
    sent[index * groupCount + group] = (sent[index * groupCount + group] ?? 0) + pushed;
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
  const {groupCount, level, next, sent} = graph;
  const node = groupCount + index;
  for (; (next[node] ?? 0) < groupCount; next[node] = (next[node] ?? 0) + 1) {
    const other = next[node] ?? 0;
    const back = index * groupCount + other;
    if (level[other] !== (level[node] ?? 0) + 1) continue;
    const pushed = pushFromGroup(graph, other, Math.min(bytes, sent[back] ?? 0));
    if (pushed === 0) continue;
    sent[back] = (sent[back] ?? 0) - pushed;
    return pushed;
  }
  return 0;
}
