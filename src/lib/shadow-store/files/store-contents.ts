import type {KnownContent} from '../../traces/index.js';
import type {StoredSeconds, StoreVolume} from '../shadow-store.js';
import type {BatchManifest} from './batch-manifest.js';
import {manifestPath} from './layout.js';
import type {FootprintPlace} from './footprint-pack.js';

const MINUTE_US = 60_000_000;

/** What was pruned away of a granularity: everything before a time. */
export interface PrunedPart {
  readonly beforeUs: number;
  readonly volumes: ReadonlyMap<string, PrunedVolume>;
}

/** What of a volume's pruned rows has to be known on. */
export interface PrunedVolume {
  readonly growthBytes: number;
  /** Used bytes at the time up to which rows were pruned; absent when no usage sample before it tells them. */
  readonly usedBytes?: number | undefined;
}

/** Everything that the manifests say, in the forms in which it is asked for. Grows with each batch. */
export interface StoreContents {
  readonly manifests: BatchManifest[];
  readonly batchIds: Set<string>;
  /** Batch by `identitySha256` and by `rawKeySha256` of its inputs. */
  readonly inputs: Map<string, string>;
  readonly rawKeys: Map<string, string>;
  /** Where the content of inputs ended. */
  readonly known: KnownContent[];
  readonly volumes: Map<string, StoreVolume>;
  /** The sizes that volumes are provisioned with, as far as they were told. */
  readonly provisioned: Map<string, number>;
  /** Volumes of which a batch tells which blocks were written, or that none were. */
  readonly footprintTold: Set<string>;
  readonly footprints: Map<string, FootprintPlace>;
  readonly pruned: Map<StoredSeconds, PrunedPart>;
}

export function contentsOf(manifests: readonly BatchManifest[]): StoreContents {
  const contents: StoreContents = {
    manifests: [],
    batchIds: new Set(),
    inputs: new Map(),
    rawKeys: new Map(),
    known: [],
    volumes: new Map(),
    provisioned: new Map(),
    footprintTold: new Set(),
    footprints: new Map(),
    pruned: new Map(),
  };
  for (const manifest of manifests) addBatch(contents, manifest);
  return contents;
}

export function addBatch(contents: StoreContents, manifest: BatchManifest): void {
  const {batchId} = manifest;
  contents.manifests.push(manifest);
  contents.batchIds.add(batchId);
  for (const input of manifest.inputs) {
    contents.inputs.set(input.identitySha256, batchId);
    contents.rawKeys.set(input.rawKeySha256, batchId);
    if (input.mark) contents.known.push({...input.mark, identitySha256: input.identitySha256, batchId});
  }
  for (const volume of manifest.volumes) {
    addVolume(contents, volume);
    const {name, provisionedBytes, isFootprintUntold} = volume;
    if (provisionedBytes !== undefined) contents.provisioned.set(name, provisionedBytes);
    if (isFootprintUntold !== true) contents.footprintTold.add(name);
  }
  addPruned(contents, manifest);
  if (manifest.footprints) {
    const {path, entries} = manifest.footprints;
    for (const {volume, offset, length} of entries) contents.footprints.set(volume, {path, offset, length});
  }
}

function addVolume({volumes}: StoreContents, {name, firstUs, lastUs}: StoreVolume): void {
  const known = volumes.get(name);
  volumes.set(name, {
    name,
    firstUs: Math.min(firstUs, known?.firstUs ?? Infinity),
    lastUs: Math.max(lastUs, known?.lastUs ?? -Infinity),
  });
}

/** A volume of which hours were pruned was there at the time before which they were. */
function addPruned(contents: StoreContents, {pruned, volumes}: BatchManifest): void {
  for (const {granularity, beforeUs, volumes: entries} of pruned ?? []) {
    const known = new Map(
      entries.flatMap(({volume, ...rest}) => {
        const name = volumes[volume]?.name;
        return name === undefined ? [] : [[name, rest] as const];
      }),
    );
    contents.pruned.set(granularity, {beforeUs, volumes: known});
    if (granularity !== 3600) continue;
    for (const name of known.keys()) addVolume(contents, {name, firstUs: beforeUs, lastUs: beforeUs});
  }
}

/** The files of footprints that hold the newest one of at least one volume. */
export function livePacks(contents: StoreContents): ReadonlySet<string> {
  return new Set([...contents.footprints.values()].map((place) => place.path));
}

/** Relative paths of every file that counts: named in a manifest, and not superseded. */
export function liveFiles(contents: StoreContents): ReadonlySet<string> {
  const packs = livePacks(contents);
  const superseded = contents.manifests.flatMap(({footprints}) => footprints?.path ?? []);
  const live = new Set(contents.manifests.flatMap(filesOf));
  for (const pack of superseded) if (!packs.has(pack)) live.delete(pack);
  return live;
}

/** Relative paths of a batch's files, its manifest first. */
export function filesOf({sequence, batchId, series, rejects, footprints}: BatchManifest): readonly string[] {
  return [
    manifestPath(sequence, batchId),
    ...series.map((file) => file.path),
    ...(rejects ? [rejects.path] : []),
    ...(footprints ? [footprints.path] : []),
  ];
}

/** Start of the store's first minute and end of its last, or nothing when it is empty. */
export function spanOf(contents: StoreContents): {firstUs: number; endUs: number} | undefined {
  let firstUs = Infinity;
  let endUs = -Infinity;
  for (const volume of contents.volumes.values()) {
    firstUs = Math.min(firstUs, volume.firstUs);
    endUs = Math.max(endUs, volume.lastUs + MINUTE_US);
  }
  return endUs > firstUs ? {firstUs, endUs} : undefined;
}
