import {sum} from '../../core/index.js';
import type {BatchManifest} from './batch-manifest.js';
import {livePacks, spanOf, type StoreContents} from './store-contents.js';
import {type BatchInfo, type Metric, STORED_SECONDS, type StoreInfo} from '../shadow-store.js';

/** Sums up the manifests; nothing else is read. */
export function describeStore(storePath: string, createdAt: string, contents: StoreContents): StoreInfo {
  const {manifests} = contents;
  const inputs = manifests.flatMap((manifest) => manifest.inputs);
  const packs = livePacks(contents);
  const livePackBytes = manifests.map(({footprints}) =>
    footprints && packs.has(footprints.path) ? footprints.sizeBytes : 0,
  );
  return {
    path: storePath,
    createdAt,
    volumeCount: contents.volumes.size,
    ...spanOf(contents),
    batchCount: manifests.length,
    inputCount: inputs.length,
    rows: sum(inputs.map((input) => input.rows)),
    rejectedRows: sum(inputs.map((input) => input.rejectedRows)),
    lateRows: sum(inputs.map((input) => input.lateRows)),
    lostEvents: sum(inputs.map((input) => input.lostEvents ?? 0)),
    minutes: sum(manifests.flatMap((manifest) => manifest.volumes.map(({minutes}) => minutes))),
    metrics: metricsOf(manifests),
    granularities: STORED_SECONDS,
    bytesOnDisk: {
      series: sum(manifests.flatMap((manifest) => manifest.series.map((file) => file.sizeBytes))),
      footprints: sum(livePackBytes),
      rejects: sum(manifests.map((manifest) => manifest.rejects?.sizeBytes ?? 0)),
    },
    batches: manifests.map(describeBatch),
  };
}

function metricsOf(manifests: readonly BatchManifest[]): readonly Metric[] {
  const has = (key: keyof BatchManifest['totals']): boolean =>
    manifests.some(({totals}) => totals[key] !== 0);
  const metrics: Metric[] = [];
  if (has('usageSamples') || has('writes')) metrics.push('used-bytes');
  if (has('writes')) metrics.push('write-bytes', 'writes');
  if (has('reads')) metrics.push('read-bytes', 'reads');
  return metrics;
}

function describeBatch(manifest: BatchManifest): BatchInfo {
  const {sequence, batchId, createdAt, inputs, rejects} = manifest;
  return {
    sequence,
    batchId,
    createdAt,
    inputs: inputs.map(({name, format, rows}) => ({name, format, rows})),
    volumeCount: manifest.volumes.length,
    rows: sum(inputs.map((input) => input.rows)),
    rejectedRows: sum(inputs.map((input) => input.rejectedRows)),
    lateRows: sum(inputs.map((input) => input.lateRows)),
    lostEvents: sum(inputs.map((input) => input.lostEvents ?? 0)),
    bytes: sum(manifest.series.map((file) => file.sizeBytes)),
    ...(rejects ? {rejectsFile: rejects.path} : {}),
  };
}
