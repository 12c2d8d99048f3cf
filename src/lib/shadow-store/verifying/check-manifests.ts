import {errorText} from '../../core/index.js';
import type {BatchManifest} from '../files/batch-manifest.js';
import {BATCHES_FOLDER, seriesPath} from '../files/layout.js';
import {
  isGone,
  type ManifestSet,
  manifestNames,
  readManifest,
  splitReplaced,
} from '../files/read-manifests.js';
import {fileOfManifest, type Finding, findingOf} from './verification.js';

export interface CheckedManifests extends ManifestSet {
  readonly findings: readonly Finding[];
}

/** Reads every manifest that can be read, and checks what they say of themselves and of each other. */
export async function checkManifests(storePath: string, buckets: number): Promise<CheckedManifests> {
  const findings: Finding[] = [];
  const manifests: BatchManifest[] = [];
  for (const name of await manifestNames(storePath)) {
    try {
      manifests.push(await readManifest(storePath, name));
    } catch (error) {
      // A writer removes the manifests of batches that it has replaced.
      if (isGone(error)) continue;
      findings.push(findingOf(storePath, `${BATCHES_FOLDER}/${name}`, 'bad-manifest', errorText(error)));
    }
  }
  const ordered = manifests.sort((left, right) => left.sequence - right.sequence);
  const {live, replaced} = splitReplaced(ordered);
  const say = (manifest: BatchManifest, code: string, message: string, advice?: string): void => {
    findings.push(findingOf(storePath, fileOfManifest(manifest), code, message, advice));
  };
  repeatedBatches(live, say);
  repeatedInputs(live, say);
  if (live.filter(({pruned}) => pruned !== undefined).length > 1) {
    for (const manifest of live.filter(({pruned}) => pruned !== undefined)) {
      say(manifest, 'double-prune', 'more than one batch says what was pruned');
    }
  }
  for (const manifest of live) checkOne(manifest, buckets, say);
  return {live, replaced, findings};
}

type Say = (manifest: BatchManifest, code: string, message: string, advice?: string) => void;

const COUNTED_TWICE = 'ingest the traces into a new store: what is counted twice cannot be taken out';

function repeatedBatches(live: readonly BatchManifest[], say: Say): void {
  const seen = new Map<string, BatchManifest>();
  for (const manifest of live) {
    const first = seen.get(manifest.batchId);
    if (first) {
      const advice = 'remove the one of the two manifests that was not there before';
      say(manifest, 'double-batch', `the batch is there twice, also as ${fileOfManifest(first)}`, advice);
    } else seen.set(manifest.batchId, manifest);
  }
}

function repeatedInputs(live: readonly BatchManifest[], say: Say): void {
  const holders = new Map<string, BatchManifest>();
  for (const manifest of live) {
    for (const {identitySha256, name} of manifest.inputs) {
      const first = holders.get(identitySha256);
      if (first && first.batchId !== manifest.batchId) {
        const where = fileOfManifest(first);
        say(
          manifest,
          'double-input',
          `input ${JSON.stringify(name)} is counted in ${where} too`,
          COUNTED_TWICE,
        );
      } else if (first === manifest) {
        say(manifest, 'double-input', `input ${JSON.stringify(name)} is there twice`, COUNTED_TWICE);
      } else holders.set(identitySha256, manifest);
    }
  }
}

function checkOne(manifest: BatchManifest, buckets: number, say: Say): void {
  const {series, volumes, coverage = [], pruned = [], batchId} = manifest;
  for (const {path, granularity, bucket} of series) {
    if (path === seriesPath(granularity, bucket, batchId) && bucket < buckets) continue;
    say(
      manifest,
      'wrong-path',
      `${path} is not where a file of bucket ${bucket} and ${granularity} s belongs`,
    );
  }
  if (volumes.some(({name}, index) => index > 0 && name <= (volumes[index - 1]?.name ?? ''))) {
    say(manifest, 'volumes-unsorted', 'its volumes are not sorted by name, or one is there twice');
  }
  const places = [
    ...coverage.map((entry) => entry.volumes),
    ...pruned.map((part) => part.volumes.map(({volume}) => volume)),
  ];
  if (places.flat().some((place) => place >= volumes.length)) {
    say(manifest, 'bad-position', 'its coverage or what was pruned is of a volume that it does not name');
  }
}
