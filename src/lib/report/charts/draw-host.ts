import type {Plan} from '../../allocation/index.js';
import {type Markup, markup, shape} from '../../charts/index.js';
import {formatBytes} from '../../core/index.js';

const WIDTH = 160;
const HEIGHT = 14;

/** One bar: foreseen use and reserve within the capacity, and up to where it may be filled; hosts are to scale. */
export function drawHost(
  {capacityBytes, predictedUsedBytes, roomBytes, reserveBytes}: Plan['hosts'][number],
  largestBytes: number,
): Markup {
  const xOf = (bytes: number): number => (Math.min(bytes, capacityBytes) / largestBytes) * WIDTH;
  const used = xOf(predictedUsedBytes);
  const limit = xOf(predictedUsedBytes + roomBytes);
  const label = `${formatBytes(predictedUsedBytes)} foreseen in use and ${formatBytes(reserveBytes)} to hold of ${formatBytes(capacityBytes)}`;
  return shape('svg', {class: 'bar', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label}, [
    shape('rect', {class: 'capacity', x: 0, y: 1, width: xOf(capacityBytes), height: HEIGHT - 2}),
    shape('rect', {class: 'use', x: 0, y: 1, width: used, height: HEIGHT - 2}),
    shape('rect', {
      ...{class: 'reserve', x: used, y: 1},
      ...{width: Math.max(0, xOf(predictedUsedBytes + reserveBytes) - used), height: HEIGHT - 2},
    }),
    roomBytes > 0
      ? shape('path', {class: 'limit', d: `M${Math.round(limit * 100) / 100} 0V${HEIGHT}`})
      : markup``,
  ]);
}
