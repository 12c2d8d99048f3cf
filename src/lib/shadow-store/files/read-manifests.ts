import {readdir} from 'node:fs/promises';
import path from 'node:path';

import {errorText, InputError, parseArtifact, readText, TargetError} from '../../core/index.js';
import {type BatchManifest, MANIFEST_KIND} from './batch-manifest.js';
import {BATCHES_FOLDER, manifestPath} from './layout.js';

const MANIFEST_NAME = /^\d{8,}-[0-9a-f]{32}\.json$/;
/** A manifest that goes while the folder is read was replaced: then all is read anew, so many times at most. */
const MOST_TRIES = 10;

/** The manifests of a store, oldest first: those that count, and those whose batches others have taken over. */
export interface ManifestSet {
  readonly live: readonly BatchManifest[];
  readonly replaced: readonly BatchManifest[];
}

/**
 * Reads all manifests of a store, without a lock: what is there is a whole store at any moment. Throws InputError for
 * one that cannot be read or does not belong.
 */
export async function readManifests(storePath: string): Promise<ManifestSet> {
  for (let left = MOST_TRIES; ; left -= 1) {
    try {
      const names = await manifestNames(storePath);
      const manifests = await Promise.all(names.map((name) => readManifest(storePath, name)));
      return sortOut(manifests, storePath);
    } catch (error) {
      if (left <= 1 || !isGone(error)) throw error;
    }
  }
}

/** Names of the files in the folder of the manifests that are manifests by name, oldest first. */
export async function manifestNames(storePath: string): Promise<readonly string[]> {
  const folder = path.join(storePath, BATCHES_FOLDER);
  try {
    return (await readdir(folder)).filter((name) => MANIFEST_NAME.test(name)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new TargetError('cannot-read', `cannot read ${folder}: ${errorText(error)}`, {cause: error});
  }
}

/** Throws InputError that names the file when it cannot be read or is the manifest of another batch. */
export async function readManifest(storePath: string, name: string): Promise<BatchManifest> {
  const file = path.join(storePath, BATCHES_FOLDER, name);
  const manifest = parseArtifact(await readText(file), file, MANIFEST_KIND);
  if (manifestPath(manifest.sequence, manifest.batchId) === `${BATCHES_FOLDER}/${name}`) return manifest;
  throw damaged(`${file} is the manifest of batch ${manifest.sequence}-${manifest.batchId}`);
}

/** Tells replaced manifests from live ones. Throws InputError when a batch is there twice. */
function sortOut(manifests: readonly BatchManifest[], storePath: string): ManifestSet {
  const ids = new Set(manifests.map((manifest) => manifest.batchId));
  if (ids.size < manifests.length) throw damaged(`${storePath} holds a batch twice`);
  const ordered = [...manifests].sort((left, right) => left.sequence - right.sequence);
  return splitReplaced(ordered);
}

/** The manifests that others replace apart from the rest, each in the order given. */
export function splitReplaced(manifests: readonly BatchManifest[]): ManifestSet {
  const gone = new Set(manifests.flatMap(({replaces}) => replaces?.batchIds ?? []));
  return {
    live: manifests.filter(({batchId}) => !gone.has(batchId)),
    replaced: manifests.filter(({batchId}) => gone.has(batchId)),
  };
}

function damaged(message: string): InputError {
  return new InputError('store-damaged', message, {hints: ['restore the store from a copy']});
}

/** Whether reading a manifest failed because the file is not there (any more). */
export function isGone(error: unknown): boolean {
  const {cause} = error instanceof InputError ? error : {cause: undefined};
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
