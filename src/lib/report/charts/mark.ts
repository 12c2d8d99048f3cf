import {type Markup, shape} from '../../charts/index.js';

/** How many looks there are: each a form and a colour of its own, as colour alone tells not everybody. */
export const MARK_LOOKS = 8;
const SIZE = 4;

/** A point of a chart. */
export function mark(look: number, x: number, y: number): Markup {
  const style = {class: `mark look-${look % MARK_LOOKS}`};
  const turned = look % 4;
  if (turned === 0) return shape('circle', {...style, cx: x, cy: y, r: SIZE});
  if (turned === 1) return shape('rect', {...style, x: x - 3.5, y: y - 3.5, width: 7, height: 7});
  const corners =
    turned === 2
      ? [
          [0, -5],
          [5, 4],
          [-5, 4],
        ]
      : [
          [0, -5],
          [5, 0],
          [0, 5],
          [-5, 0],
        ];
  const points = corners.map(
    ([dx = 0, dy = 0]) => `${Math.round(100 * (x + dx)) / 100},${Math.round(100 * (y + dy)) / 100}`,
  );
  return shape('polygon', {...style, points: points.join(' ')});
}
