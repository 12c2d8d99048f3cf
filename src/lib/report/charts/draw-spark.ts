import {type Markup, pathThrough, shape} from '../../charts/index.js';

const WIDTH = 72;
const HEIGHT = 16;
const POINTS = 24;
const STEPS = 35;

/**
 * A course in 24 characters: `0` at its lowest, `z` at its highest, `-` where nothing is known. The script of the page
 * draws it the same way.
 */
export function sparkText(course: readonly (number | null)[]): string {
  const points = Math.min(POINTS, course.length);
  const picked = Array.from(
    {length: points},
    (_, index) => course[Math.floor(((index + 0.5) * course.length) / points)],
  );
  const known = picked.filter((value) => value !== null && value !== undefined);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return picked
    .map((value) => {
      if (value === null || value === undefined) return '-';
      return Math.round(high === low ? STEPS / 2 : ((value - low) / (high - low)) * STEPS).toString(36);
    })
    .join('');
}

/** The course as a small line, for the eye only: the numbers stand beside it. */
export function drawSpark(text: string): Markup {
  const values = Array.from(text, (letter) => (letter === '-' ? null : Number.parseInt(letter, 36)));
  const d = pathThrough(
    values,
    (index) => 1 + (index / Math.max(1, values.length - 1)) * (WIDTH - 2),
    (value) => HEIGHT - 2 - (value / STEPS) * (HEIGHT - 4),
  );
  return shape(
    'svg',
    {class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, 'aria-hidden': 'true'},
    shape('path', {d}),
  );
}
