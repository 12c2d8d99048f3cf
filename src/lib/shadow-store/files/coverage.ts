import type {BatchManifest, Coverage} from './batch-manifest.js';
import type {StoreContents} from './store-contents.js';

const MINUTE_US = 60_000_000;

/** A stretch of time, its end exclusive. */
export type Span = readonly [fromUs: number, toUs: number];

/** For which time the logs of some volumes are there, with the volumes by name. */
export interface LogCoverage extends Omit<Coverage, 'volumes' | 'spansUs'> {
  readonly spansUs: readonly Span[];
  readonly volumes: readonly string[];
}

interface GappedSpan {
  readonly span: Span;
  readonly gapUs: number;
}

/**
 * What a batch's logs cover. A batch of an older program, which does not say, is taken to cover all the time from its
 * first to its last minute for all of its volumes.
 */
export function coverageOf({coverage, volumes}: BatchManifest): readonly LogCoverage[] {
  const names = volumes.map(({name}) => name);
  if (coverage !== undefined) {
    return coverage.map((entry) => ({
      ...entry,
      volumes: entry.volumes.flatMap((place) => names[place] ?? []),
    }));
  }
  if (volumes.length === 0) return [];
  const fromUs = volumes.reduce((least, {firstUs}) => Math.min(least, firstUs), Infinity);
  const toUs = volumes.reduce((most, {lastUs}) => Math.max(most, lastUs), -Infinity) + MINUTE_US;
  return (['requests', 'usage'] as const).map((of) => ({
    of,
    gapUs: 0,
    spansUs: [[fromUs, toUs]],
    volumes: names,
  }));
}

/** Coverage as a manifest tells it, with positions instead of names; volumes that it does not list are left out. */
export function describeCoverage(
  entries: readonly LogCoverage[],
  volumes: BatchManifest['volumes'],
): Coverage[] {
  const placeOf = new Map(volumes.map(({name}, place) => [name, place]));
  return entries.map((entry) => ({
    ...entry,
    spansUs: entry.spansUs.map(([fromUs, toUs]) => [fromUs, toUs]),
    volumes: entry.volumes.flatMap((name) => placeOf.get(name) ?? []),
  }));
}

/** The same knowledge in fewer words: spans that meet are joined, volumes with equal spans told together. */
export function mergeCoverage(entries: readonly LogCoverage[], keepFromUs: number): readonly LogCoverage[] {
  const parts = entries.flatMap((entry) =>
    entry.source === undefined ? entry.volumes.map((name) => ({...entry, volumes: [name]})) : [entry],
  );
  const joined = grouped(parts, ({source, volumes}) => source ?? volumes).flatMap((alike): LogCoverage[] => {
    const [{gapUs, source, ...like}] = alike;
    const gapped = alike.flatMap(({spansUs}) => spansUs.map((span) => ({span, gapUs})));
    const spansUs = clip(joinSpans(gapped), keepFromUs);
    // A source without spans still tells which volumes are its own.
    return spansUs.length === 0 && source === undefined
      ? []
      : [{...like, gapUs, spansUs, volumes: namesOf(alike), ...(source === undefined ? {} : {source})}];
  });
  return grouped(joined, ({source, spansUs}) => [source ?? null, spansUs]).map((alike) => ({
    ...alike[0],
    volumes: namesOf(alike),
  }));
}

/** Entries of one kind and gap that share a key, in the order in which the first of each group came. */
function grouped(
  entries: readonly LogCoverage[],
  keyOf: (entry: LogCoverage) => unknown,
): readonly (readonly [LogCoverage, ...LogCoverage[]])[] {
  const groups = new Map<string, [LogCoverage, ...LogCoverage[]]>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.of, entry.gapUs, keyOf(entry)]);
    const group = groups.get(key);
    if (group) group.push(entry);
    else groups.set(key, [entry]);
  }
  return [...groups.values()];
}

function namesOf(entries: readonly LogCoverage[]): readonly string[] {
  return [...new Set(entries.flatMap(({volumes}) => volumes))].sort();
}

/**
 * The stretches that logs of some volumes cover, sorted, apart and by volume: what an input says of a volume of which
 * it has rows, and what inputs of a source say that ever had rows of it.
 */
export function coveredSpans(
  {manifests}: StoreContents,
  volumes: readonly string[],
  of: Coverage['of'],
): ReadonlyMap<string, readonly Span[]> {
  const found = new Map(
    volumes.map((name) => [name, {spans: new Array<GappedSpan>(), sources: new Set<string>()}]),
  );
  const bySource = new Map<string, GappedSpan[]>();
  for (const entry of manifests.flatMap(coverageOf)) {
    if (entry.of !== of) continue;
    const {source, gapUs} = entry;
    const spans = entry.spansUs.map((span) => ({span, gapUs}));
    if (source !== undefined) bySource.set(source, [...(bySource.get(source) ?? []), ...spans]);
    for (const name of entry.volumes) {
      if (source === undefined) found.get(name)?.spans.push(...spans);
      else found.get(name)?.sources.add(source);
    }
  }
  const all = ({spans, sources}: {spans: GappedSpan[]; sources: Set<string>}): readonly GappedSpan[] =>
    sources.size === 0 ? spans : [...spans, ...[...sources].flatMap((source) => bySource.get(source) ?? [])];
  return new Map([...found].map(([name, known]) => [name, joinSpans(all(known))]));
}

/** Spans of either list, joined where they meet. */
export function eitherSpans(left: readonly Span[], right: readonly Span[]): readonly Span[] {
  return joinSpans([...left, ...right].map((span) => ({span, gapUs: 0})));
}

/** The share of each step that spans (sorted, apart) cover: 0 to 1. */
export function coveredShares(
  spans: readonly Span[],
  axis: {readonly startUs: number; readonly stepSeconds: number; readonly steps: number},
): Float64Array {
  const shares = new Float64Array(axis.steps);
  const stepUs = axis.stepSeconds * 1e6;
  for (const [fromUs, toUs] of spans) {
    const first = Math.max(0, Math.floor((fromUs - axis.startUs) / stepUs));
    const end = Math.min(axis.steps, Math.ceil((toUs - axis.startUs) / stepUs));
    for (let step = first; step < end; step += 1) {
      const startUs = axis.startUs + step * stepUs;
      const coveredUs = Math.min(toUs, startUs + stepUs) - Math.max(fromUs, startUs);
      shares[step] = Math.min(1, (shares[step] ?? 0) + coveredUs / stepUs);
    }
  }
  return shares;
}

/** Sorted, and joined where no more than what both sides call silence lies between them. */
function joinSpans(spans: readonly GappedSpan[]): readonly Span[] {
  const sorted = [...spans].sort((left, right) => left.span[0] - right.span[0]);
  const joined: [fromUs: number, toUs: number][] = [];
  let lastGapUs = 0;
  for (const {span, gapUs} of sorted) {
    const last = joined.at(-1);
    if (last && span[0] - last[1] <= Math.min(gapUs, lastGapUs)) {
      if (span[1] > last[1]) {
        last[1] = span[1];
        lastGapUs = gapUs;
      }
    } else {
      joined.push([span[0], span[1]]);
      lastGapUs = gapUs;
    }
  }
  return joined;
}

function clip(spans: readonly Span[], keepFromUs: number): readonly Span[] {
  return spans
    .filter(([, toUs]) => toUs > keepFromUs)
    .map(([fromUs, toUs]) => [Math.max(fromUs, keepFromUs), toUs] as const);
}
