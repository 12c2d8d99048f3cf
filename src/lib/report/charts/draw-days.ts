import {dayTicks, type Markup, shape} from '../../charts/index.js';
import {formatInstantUs, US_PER_SECOND} from '../../core/index.js';
import type {AnomaliesDocument} from '../documents/anomalies-document.js';
import {axes, type Frame} from './axes.js';
import {countTicks} from './count-ticks.js';

const DAY_US = 86_400 * US_PER_SECOND;
const FRAME: Frame = {width: 360, height: 140, left: 34, right: 10, top: 10, bottom: 26};
const SEVERITIES = ['critical', 'major', 'minor'] as const;
/** Of a longer history each bar is of more days. */
const MOST_BARS = 90;

/** How many anomalies began on each day, the gravest at the bottom of its bar. */
export function drawDays({anomalies, fromUs, toUs}: AnomaliesDocument): Markup {
  const {left, right, top, bottom, width, height} = FRAME;
  const days = Math.max(1, Math.ceil((toUs - fromUs) / DAY_US));
  const barUs = Math.ceil(days / MOST_BARS) * DAY_US;
  const beginUs = Math.floor(fromUs / DAY_US) * DAY_US;
  const bars = Math.max(1, Math.ceil((toUs - beginUs) / barUs));
  const counts = Array.from({length: bars}, () => ({critical: 0, major: 0, minor: 0}));
  for (const {startUs, severity} of anomalies) {
    const bar = counts[Math.min(bars - 1, Math.max(0, Math.floor((startUs - beginUs) / barUs)))];
    if (bar !== undefined) bar[severity] += 1;
  }
  const most = Math.max(1, ...counts.map(({critical, major, minor}) => critical + major + minor));
  const yOf = (count: number): number => height - bottom - (count / most) * (height - top - bottom);
  const barWidth = (width - left - right) / bars;
  const label = `${anomalies.length} anomalies from ${formatInstantUs(fromUs).slice(0, 10)} to ${formatInstantUs(toUs).slice(0, 10)}, at most ${most} in one bar`;
  return shape('svg', {class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label}, [
    axes(FRAME, {
      vertical: countTicks(most).map((count) => ({at: yOf(count), label: String(count)})),
      horizontal: dayTicks(beginUs, toUs, 5).map(({at, label: day}) => ({
        at: left + ((at - beginUs) / barUs + 0.5) * barWidth,
        label: day,
      })),
    }),
    ...counts.flatMap((bar, index) => {
      let below = 0;
      return SEVERITIES.flatMap((severity) => {
        const count = bar[severity];
        if (count === 0) return [];
        below += count;
        return [
          shape('rect', {
            ...{class: severity, x: left + (index + 0.1) * barWidth, y: yOf(below)},
            ...{width: 0.8 * barWidth, height: yOf(below - count) - yOf(below)},
          }),
        ];
      });
    }),
  ]);
}
