import {sum} from '../../core/index.js';
import type {VolumeSums} from '../engine/volume-sums.js';
import {coveredSpans, eitherSpans, type Span} from '../files/coverage.js';
import {spanOf} from '../files/store-contents.js';
import type {StoreVolume, VolumeInfo} from '../shadow-store.js';
import type {OpenStore} from './read-history.js';

/** See ShadowStore.describeVolumes. */
export async function describeVolumes(
  {contents, source}: OpenStore,
  volumes: readonly StoreVolume[],
): Promise<readonly VolumeInfo[]> {
  const {manifests, pruned} = contents;
  const sums = await source.sumHours();
  const names = volumes.map(({name}) => name);
  const requests = coveredSpans(contents, names, 'requests');
  const usage = coveredSpans(contents, names, 'usage');
  const minutes = new Map<string, number>();
  for (const {name, minutes: count} of manifests.flatMap((manifest) => manifest.volumes)) {
    minutes.set(name, (minutes.get(name) ?? 0) + count);
  }
  const endUs = spanOf(contents)?.endUs ?? 0;
  return volumes.map((volume) => {
    const {name, firstUs} = volume;
    const own = sums.get(name);
    const spans = eitherSpans(requests.get(name) ?? [], usage.get(name) ?? []);
    const growthBytes = (own?.growthBytes ?? 0) + (pruned.get(3600)?.volumes.get(name)?.growthBytes ?? 0);
    return {
      ...volume,
      minutes: minutes.get(name) ?? 0,
      requests: requestsOf(own),
      footprintBytes: contents.footprintTold.has(name) ? growthBytes : null,
      provisionedBytes: contents.provisioned.get(name) ?? null,
      coverage: endUs > firstUs ? coveredUs(spans, firstUs, endUs) / (endUs - firstUs) : 0,
    };
  });
}

function requestsOf(sums: VolumeSums | undefined): number {
  return sums === undefined ? 0 : sums.reads + sums.writes + sums.trims;
}

function coveredUs(spans: readonly Span[], fromUs: number, toUs: number): number {
  return sum(spans.map(([beginUs, endUs]) => Math.max(0, Math.min(endUs, toUs) - Math.max(beginUs, fromUs))));
}
