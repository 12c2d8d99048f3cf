import {type Markup, shape, type Tick} from '../../charts/index.js';

/** The size of a chart, and what is left free around what is drawn. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const LETTER = 7;

/** Grid and labels; ticks are at pixels. A label that would stand beyond the edge is moved in. */
export function axes(
  {width, height, left, right, bottom}: Frame,
  {vertical, horizontal}: {readonly vertical: readonly Tick[]; readonly horizontal: readonly Tick[]},
): Markup {
  const floor = height - bottom;
  return shape('g', {class: 'axes'}, [
    ...vertical.flatMap(({at, label}) => [
      shape('path', {class: 'grid', d: `M${left} ${Math.round(at * 100) / 100}H${width - right}`}),
      shape('text', {x: left - 6, y: at + 4, 'text-anchor': 'end'}, label),
    ]),
    ...horizontal.map(({at, label}) => {
      const half = (label.length * LETTER) / 2;
      return shape(
        'text',
        {x: Math.min(Math.max(at, left + half - 8), width - half), y: floor + 16, 'text-anchor': 'middle'},
        label,
      );
    }),
    shape('path', {class: 'axis', d: `M${left} ${floor}H${width - right}`}),
  ]);
}
