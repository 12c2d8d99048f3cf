import type {StoreVolume} from '../shadow-store.js';
import type {BatchManifest} from './batch-manifest.js';
import {manifestPath} from './layout.js';
import type {FootprintPlace} from '../writing/footprint-pack.js';

const MINUTE_US = 60_000_000;

/** Everything that the manifests say, in the forms in which it is asked for. Grows with each batch. */
export interface StoreContents {
  readonly manifests: BatchManifest[];
  readonly batchIds: Set<string>;
  /** Batch by `identitySha256` and by `rawKeySha256` of its inputs. */
  readonly inputs: Map<string, string>;
  readonly rawKeys: Map<string, string>;
  readonly volumes: Map<string, StoreVolume>;
  readonly footprints: Map<string, FootprintPlace>;
}

export function contentsOf(manifests: readonly BatchManifest[]): StoreContents {
  const contents: StoreContents = {
    manifests: [],
    batchIds: new Set(),
    inputs: new Map(),
    rawKeys: new Map(),
    volumes: new Map(),
    footprints: new Map(),
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
  }
  for (const {name, firstUs, lastUs} of manifest.volumes) {
    const known = contents.volumes.get(name);
    contents.volumes.set(name, {
      name,
      firstUs: Math.min(firstUs, known?.firstUs ?? Infinity),
      lastUs: Math.max(lastUs, known?.lastUs ?? -Infinity),
    });
  }
  if (manifest.footprints) {
    const {path, entries} = manifest.footprints;
    for (const {volume, offset, length} of entries) contents.footprints.set(volume, {path, offset, length});
  }
}

/** The files of footprints that hold the newest one of at least one volume. */
export function livePacks(contents: StoreContents): ReadonlySet<string> {
  return new Set([...contents.footprints.values()].map((place) => place.path));
}

/** Relative paths of every file that counts: named in a manifest, and not superseded. */
export function liveFiles(contents: StoreContents): ReadonlySet<string> {
  const packs = livePacks(contents);
  return new Set(
    contents.manifests.flatMap(({sequence, batchId, series, rejects, footprints}) => [
      manifestPath(sequence, batchId),
      ...series.map((file) => file.path),
      ...(rejects ? [rejects.path] : []),
      ...(footprints && packs.has(footprints.path) ? [footprints.path] : []),
    ]),
  );
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
