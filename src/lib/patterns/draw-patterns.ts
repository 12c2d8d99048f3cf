import {type Markup, markup, markupText, pathThrough, shape} from '../charts/index.js';
import {formatBytes, formatInstantUs} from '../core/index.js';

/** What is drawn of one volume, host, boundary or fleet. */
export interface Panel {
  readonly title: string;
  /** Equally long parts of the history; null where nothing is known. */
  readonly course: readonly (number | null)[];
  readonly changesUs: readonly number[];
  /** Of used bytes: drawn where it is not far above them. */
  readonly roomBytes?: number | undefined;
  readonly seasons: readonly {
    readonly title: string;
    readonly cells: readonly number[];
    /** Below it, at equal distances. */
    readonly ticks: readonly string[];
  }[];
}

export interface PictureOptions {
  readonly title: string;
  readonly fromUs: number;
  readonly toUs: number;
  readonly isBytes: boolean;
}

const WIDTH = 960;
const PANEL_HEIGHT = 150;
const TOP = 44;
const COURSE = {left: 90, width: 420, top: 26, height: 84};
const SEASON = {left: 540, width: 190, gap: 20, top: 26, height: 84};
const MOST_SEASONS = 2;
/** Room is drawn when it is no more than so many times the largest value: else the course would be a flat line. */
const ROOM_IN_VIEW = 1.6;
const INK = '#1f4e79';
const FAINT = '#6b7280';
const BUSY = '#c8553d';

/**
 * One SVG document, a row a panel: its course (gaps are gaps), changes as dashed lines, the room as a red one, and beside
 * it the two strongest seasons, busier than usual upwards. Names are escaped.
 */
export function drawPatterns(panels: readonly Panel[], options: PictureOptions): string {
  const height = TOP + panels.length * PANEL_HEIGHT;
  const rows = panels.map((panel, row) => {
    const parts = lines([...drawCourse(panel, options), ...drawSeasons(panel)]);
    return shape('g', {transform: `translate(0 ${TOP + row * PANEL_HEIGHT})`}, markup`\n${parts}`);
  });
  const content = lines([
    shape('rect', {width: WIDTH, height, fill: 'white'}),
    text(16, 24, options.title, {size: 15}),
    ...rows,
  ]);
  const picture = shape(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      ...{width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`},
      ...{'font-family': 'sans-serif', 'font-size': 12},
    },
    markup`\n${content}`,
  );
  return `${markupText(picture)}\n`;
}

function drawCourse(
  {title, course, changesUs, roomBytes}: Panel,
  {fromUs, toUs, isBytes}: PictureOptions,
): readonly Markup[] {
  const {left, width, top, height} = COURSE;
  const known = course.filter((value) => value !== null);
  const most = Math.max(0, ...known);
  const isRoomInView = roomBytes !== undefined && roomBytes > 0 && roomBytes <= ROOM_IN_VIEW * most;
  const highest = Math.max(most, isRoomInView ? roomBytes : 0) || 1;
  const xAt = (share: number): number => left + share * width;
  const yAt = (value: number): number => top + height * (1 - value / highest);
  const show = isBytes ? formatBytes : (value: number): string => value.toPrecision(3);
  return [
    text(16, 14, title, {size: 13}),
    line([left, top + height], [left + width, top + height], FAINT),
    text(left - 6, top + 5, show(highest), {anchor: 'end', colour: FAINT}),
    text(left - 6, top + height, '0', {anchor: 'end', colour: FAINT}),
    text(left, top + height + 15, formatInstantUs(fromUs).slice(0, 10), {colour: FAINT}),
    text(left + width, top + height + 15, formatInstantUs(toUs).slice(0, 10), {anchor: 'end', colour: FAINT}),
    ...changesUs.map((atUs) => {
      const x = xAt((atUs - fromUs) / (toUs - fromUs));
      return line([x, top], [x, top + height], BUSY, '4 3');
    }),
    ...(isRoomInView
      ? [
          line([left, yAt(roomBytes)], [left + width, yAt(roomBytes)], 'red'),
          text(left + width, yAt(roomBytes) - 3, 'room', {anchor: 'end', colour: 'red'}),
        ]
      : []),
    shape('path', {
      d: pathThrough(course, (index) => xAt((index + 0.5) / course.length), yAt),
      ...{fill: 'none', stroke: INK, 'stroke-width': 1.5},
    }),
  ];
}

function drawSeasons({seasons}: Panel): readonly Markup[] {
  const {left, width, gap, top, height} = SEASON;
  return seasons.slice(0, MOST_SEASONS).flatMap(({title, cells, ticks}, index) => {
    const from = left + index * (width + gap);
    const [least, most] = [Math.min(0, ...cells), Math.max(0, ...cells)];
    const scale = height / Math.max(1e-9, most - least);
    const zero = top + most * scale;
    const barWidth = width / Math.max(1, cells.length);
    return [
      text(from, 14, title, {}),
      ...cells.map((cell, position) => {
        const y = cell > 0 ? zero - cell * scale : zero;
        return shape('rect', {
          ...{x: from + position * barWidth, y},
          ...{width: barWidth * 0.85, height: Math.abs(cell) * scale, fill: cell > 0 ? BUSY : INK},
        });
      }),
      line([from, zero], [from + width, zero], FAINT),
      ...ticks.map((tick, position) =>
        text(from + (position * width) / ticks.length, top + height + 15, tick, {size: 10, colour: FAINT}),
      ),
    ];
  });
}

function lines(parts: readonly Markup[]): readonly Markup[] {
  return parts.map((part) => markup`${part}\n`);
}

function text(
  x: number,
  y: number,
  content: string,
  {size = 11, anchor = 'start', colour = '#111827'}: {size?: number; anchor?: string; colour?: string},
): Markup {
  return shape('text', {x, y, 'font-size': size, 'text-anchor': anchor, fill: colour}, content);
}

type Point = readonly [x: number, y: number];

function line(from: Point, to: Point, colour: string, dashes = 'none'): Markup {
  const [[x1, y1], [x2, y2]] = [from, to];
  return shape('line', {x1, y1, x2, y2, stroke: colour, 'stroke-dasharray': dashes});
}
