import type {Diagnostic} from '../core/index.js';
import type {Located, RawBoundary, RawTopology} from './raw-topology.js';
import type {HostNames} from './resolve-hosts.js';
import {createNameTable} from './resolve-names.js';
import type {Host, RiskBoundary} from './topology.js';

/** Label kind -> value -> hosts, rising. */
export type LabelIndex = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;

/** Label kinds whose values are supplies: how many of its own a host needs to live (Infinity: all of them). */
export type Supplies = ReadonlyMap<string, number>;

interface BoundaryInput {
  readonly raw: RawTopology;
  readonly hosts: readonly Host[];
  readonly hostNames: HostNames;
  readonly labels: LabelIndex;
  /** Whether every host is a boundary of its own. */
  readonly withHosts: boolean;
  readonly faults: Diagnostic[];
}

/** The boundaries stated, then one a host. A kind stated twice, an unknown kind or host is a fault. */
export function resolveBoundaries(input: BoundaryInput): {boundaries: RiskBoundary[]; supplies: Supplies} {
  const ids = createNameTable('boundary', input.faults);
  const supplies = new Map<string, number>();
  const stated =
    input.raw.boundaries ?? [...input.labels.keys()].map((kind) => impliedBoundary(input.raw, kind));
  const boundaries: RiskBoundary[] = [];
  const add = (boundary: RiskBoundary, at: string): void => {
    if (ids.add({at, text: boundary.id}, at) !== undefined) boundaries.push(boundary);
  };
  for (const raw of stated) {
    const kind = checkKind(raw, input);
    if (kind === undefined) continue;
    if (raw.id === undefined) {
      const needs = readNeeds(raw, input.faults);
      supplies.set(kind.text, needs);
      for (const boundary of boundariesOfKind(kind.text, needs, input)) add(boundary, raw.at);
    } else {
      add(explicitBoundary(raw, raw.id, kind.text, input), raw.at);
    }
  }
  if (input.withHosts) for (const boundary of ownBoundaries(input.hosts)) add(boundary, input.raw.source);
  return {boundaries, supplies};
}

/** One for each host, with all its devices, then one for each device. */
function ownBoundaries(hosts: readonly Host[]): RiskBoundary[] {
  const placesOf = new Map<string, number[]>();
  hosts.forEach(({id, partOf = id}, index) => {
    placesOf.set(partOf, [...(placesOf.get(partOf) ?? []), index]);
  });
  const devices = hosts.flatMap(({id, partOf}, index): RiskBoundary[] =>
    partOf === undefined ? [] : [{id: `device/${id}`, kind: 'device', hosts: [index]}],
  );
  return [
    ...[...placesOf].map(([id, places]) => ({id: `host/${id}`, kind: 'host', hosts: places})),
    ...devices,
  ];
}

function impliedBoundary({source}: RawTopology, kind: string): RawBoundary {
  return {at: source, kind: {at: source, text: kind}, needs: undefined, id: undefined, hosts: undefined};
}

function checkKind(raw: RawBoundary, {labels, hosts, faults}: BoundaryInput): Located | undefined {
  if (raw.kind === undefined) {
    const advice = 'name a label kind, such as rack';
    faults.push({
      severity: 'error',
      code: 'no-kind',
      at: raw.at,
      message: 'the boundary has no kind',
      advice,
    });
    return undefined;
  }
  const kind = raw.kind.text;
  if (kind === 'host' || (kind === 'device' && hosts.some(({partOf}) => partOf !== undefined))) {
    const message = `the kind "${kind}" is taken: every ${kind} is a boundary ${kind}/<id> by itself`;
    faults.push({
      severity: 'error',
      code: 'reserved-kind',
      at: raw.kind.at,
      message,
      advice: 'use another name',
    });
    return undefined;
  }
  if (raw.id !== undefined) {
    if (raw.needs !== undefined) {
      const message = `boundary ${JSON.stringify(raw.id.text)} lists its hosts and cannot have needs`;
      const advice = 'give k-of-n supplies as labels of the hosts';
      faults.push({severity: 'error', code: 'needs-without-labels', at: raw.needs.at, message, advice});
    }
    return raw.kind;
  }
  const known = createNameTable('label kind', faults, labels.keys());
  return known.find(raw.kind, 'a boundary for each value of').length > 0 ? raw.kind : undefined;
}

function readNeeds({needs}: RawBoundary, faults: Diagnostic[]): number {
  if (needs === undefined || needs.text === 'all') return Infinity;
  const count = Number(needs.text);
  if (Number.isInteger(count) && count >= 1) return count;
  const message = `needs is not a whole number of at least 1: ${JSON.stringify(needs.text)}`;
  const advice = 'write how many supplies a host needs to live, or all';
  faults.push({severity: 'error', code: 'bad-needs', at: needs.at, message, advice});
  return Infinity;
}

function boundariesOfKind(kind: string, needs: number, {labels, hosts}: BoundaryInput): RiskBoundary[] {
  return [...(labels.get(kind) ?? [])].map(([value, members]) => {
    const failing = members.filter((index) => failsWithout(hosts[index], kind, needs, new Set([value])));
    return {id: `${kind}/${value}`, kind, hosts: failing, members};
  });
}

/**
 * Whether a host dies when these supplies of a kind are lost: fewer than `needs` of its own are left. A host that has
 * no more than it needs dies with any of them.
 */
export function failsWithout(
  host: Host | undefined,
  kind: string,
  needs: number,
  lost: ReadonlySet<string>,
): boolean {
  const supplies = host?.labels.get(kind) ?? [];
  const left = supplies.filter((supply) => !lost.has(supply)).length;
  return left < Math.min(needs, supplies.length);
}

function explicitBoundary(raw: RawBoundary, id: Located, kind: string, input: BoundaryInput): RiskBoundary {
  const found = (raw.hosts?.values ?? []).flatMap((name) =>
    input.hostNames.placesOf(name, `boundary ${JSON.stringify(id.text)} has`),
  );
  const hosts = [...new Set(found)].sort((left, right) => left - right);
  return {id: `${kind}/${id.text}`, kind, hosts, members: hosts};
}
