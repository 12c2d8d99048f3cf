import {formatBytes, formatDurationSeconds, formatInstantUs, US_PER_SECOND} from '../lib/core/index.js';
import type {InitReport, VolumeInfo} from '../lib/shadow-store/index.js';
import type {StoreDescription} from '../lib/workflows/describe-store.js';
import {printable, renderTable} from './table.js';

/** What `store info` says: the sums, then the lists that were asked for. */
export async function renderStore(store: StoreDescription): Promise<string> {
  const {bytesOnDisk, firstUs, endUs} = store;
  const lines = [
    ['store', printable(store.path)],
    ['volumes', String(store.volumeCount)],
    ['time', firstUs === undefined || endUs === undefined ? 'nothing yet' : timeSpan(firstUs, endUs)],
    ['batches', `${store.batchCount} of ${store.inputCount} inputs`],
    [
      'rows',
      `${store.rows} read, ${store.rejectedRows} rejected, ${store.lateRows} late${lostText(store.lostEvents)}`,
    ],
    ['minutes', `${store.minutes} with activity, a volume each`],
    ['metrics', store.metrics.join(', ') || 'none'],
    ['granularities', store.granularities.map(formatDurationSeconds).join(', ')],
    [
      'on disk',
      `${formatBytes(bytesOnDisk.series)} series, ${formatBytes(bytesOnDisk.footprints)} footprints, ` +
        `${formatBytes(bytesOnDisk.rejects)} rejected rows`,
    ],
  ].map(([name = '', value = '']) => `${name.padEnd(15)}${value}`);
  const lists = [await batchList(store), await volumeList(store)].filter((list) => list !== '');
  return [lines.join('\n'), ...lists].join('\n\n');
}

function lostText(events: number): string {
  return events === 0 ? '' : `; ${events} events lost by interceptors`;
}

/** What `store init` says. */
export function renderInit({path, cluster, serverVersion, wasThere}: InitReport): string {
  const where = cluster === undefined ? 'on one server' : `on cluster ${cluster}, replicated and distributed`;
  return `${printable(path)} ${wasThere ? 'was there already' : 'is ready'}, ${where} (ClickHouse ${serverVersion})`;
}

function timeSpan(firstUs: number, endUs: number): string {
  const days = (endUs - firstUs) / US_PER_SECOND / 86_400;
  return `${formatInstantUs(firstUs)} to ${formatInstantUs(endUs)}, ${days.toFixed(1)} days`;
}

async function batchList({batches}: StoreDescription): Promise<string> {
  if (batches === undefined) return '';
  return renderTable(
    [
      {title: 'batch'},
      {title: 'added'},
      {title: 'volumes', align: 'right'},
      {title: 'rows', align: 'right'},
      {title: 'rejected', align: 'right'},
      {title: 'size', align: 'right'},
      {title: 'inputs'},
      {title: 'rejected rows in'},
    ],
    batches.map((batch) => [
      String(batch.sequence),
      batch.createdAt,
      String(batch.volumeCount),
      String(batch.rows),
      String(batch.rejectedRows),
      formatBytes(batch.bytes),
      batch.inputs.map(({name, format}) => `${name} (${format})`).join(', '),
      batch.rejectsFile ?? '',
    ]),
  );
}

async function volumeList({volumes}: StoreDescription): Promise<string> {
  if (volumes === undefined) return '';
  return renderTable(
    [
      {title: 'volume'},
      {title: 'first minute'},
      {title: 'last minute'},
      {title: 'minutes', align: 'right'},
      {title: 'requests', align: 'right'},
      {title: 'footprint', align: 'right'},
      {title: 'covered', align: 'right'},
    ],
    volumes.map(({name, firstUs, lastUs, minutes, requests, coverage, ...volume}) => [
      name,
      formatInstantUs(firstUs),
      formatInstantUs(lastUs),
      String(minutes),
      String(requests),
      footprintText(volume),
      `${(100 * coverage).toFixed(1)} %`,
    ]),
  );
}

/** What a volume holds: from what was seen written up to its size; growth below 0 is of blocks from before. */
function footprintText({
  footprintBytes,
  provisionedBytes,
}: Pick<VolumeInfo, 'footprintBytes' | 'provisionedBytes'>): string {
  if (footprintBytes === null)
    return provisionedBytes === null ? 'unknown' : `<= ${formatBytes(provisionedBytes)}`;
  if (provisionedBytes !== null)
    return `${formatBytes(Math.max(0, footprintBytes))} to ${formatBytes(provisionedBytes)}`;
  return `${footprintBytes < 0 ? '' : '>= '}${formatBytes(footprintBytes)}`;
}
