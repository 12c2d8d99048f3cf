import {byteTicks, type Markup, markup, pathThrough, shape} from '../../charts/index.js';
import {formatBytes} from '../../core/index.js';
import type {ReplayDocument} from '../documents/replay-document.js';
import {axes, type Frame} from './axes.js';
import {key} from './key.js';
import {mark, MARK_LOOKS} from './mark.js';

const FRAME: Frame = {width: 420, height: 300, left: 52, right: 14, top: 12, bottom: 42};

interface Point {
  readonly policy: string;
  readonly heldByteHours: number;
  readonly repairedShare: number;
}

/** Reserve against protection: a mark a policy and setting, and a line through those that nothing beats in both. */
export function drawPareto({pareto, scores}: ReplayDocument): Markup {
  const points: readonly Point[] = pareto ?? scores;
  const policies = [...new Set(points.map(({policy}) => policy))];
  const most = Math.max(1, ...points.map(({heldByteHours}) => heldByteHours)) * 1.02;
  const lowest = Math.min(...points.map(({repairedShare}) => repairedShare));
  const floor = Math.min(0.9, Math.max(0, Math.floor((lowest - 0.02) * 20) / 20));
  const {left, right, top, bottom, width, height} = FRAME;
  const xOf = (byteHours: number): number => left + (byteHours / most) * (width - left - right);
  const yOf = (share: number): number =>
    height - bottom - ((share - floor) / (1 - floor)) * (height - top - bottom);
  const efficient = (pareto ?? [])
    .filter(({isEfficient}) => isEfficient)
    .toSorted((one, other) => one.heldByteHours - other.heldByteHours);
  const chart = shape(
    'svg',
    {class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': tell(points)},
    [
      axes(FRAME, {
        vertical: [0, 0.25, 0.5, 0.75, 1].map((part) => {
          const share = floor + part * (1 - floor);
          return {at: yOf(share), label: `${Number((100 * share).toFixed(1))} %`};
        }),
        horizontal: byteTicks(most).map(({at, label}) => ({at: xOf(at), label})),
      }),
      shape(
        'text',
        {class: 'title', x: (left + width - right) / 2, y: height - 6, 'text-anchor': 'middle'},
        'byte-hours held; repaired upwards',
      ),
      shape('path', {
        class: 'frontier',
        d: pathThrough(
          efficient.map(({repairedShare}) => repairedShare),
          (index) => xOf(efficient[index]?.heldByteHours ?? 0),
          yOf,
        ),
      }),
      ...points.map(({policy, heldByteHours, repairedShare}) =>
        mark(policies.indexOf(policy) % MARK_LOOKS, xOf(heldByteHours), yOf(repairedShare)),
      ),
    ],
  );
  const legend = policies.map((policy, look) => key(mark(look, 12, 5), policy));
  return markup`<figure><figcaption>Reserve against protection</figcaption>${chart}<ul class="legend">${legend}</ul></figure>`;
}

function tell(points: readonly Point[]): string {
  const best = points.toSorted(
    (one, other) => other.repairedShare - one.repairedShare || one.heldByteHours - other.heldByteHours,
  )[0];
  return best === undefined
    ? 'no policies'
    : `${points.length} policies and settings; of those that repair the most, ${best.policy} holds the least: ${(100 * best.repairedShare).toFixed(2)} % with ${formatBytes(best.heldByteHours)} h`;
}
