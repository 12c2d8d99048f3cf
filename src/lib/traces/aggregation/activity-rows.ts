import {type ActivityRows} from '../activity.js';
import {CELL, CELL_NUMBERS, type MinuteCells} from './minute-cells.js';

/** The cells as columns sorted by (volume name, minute), one row each. `names` are the volumes by number. */
export function toActivityRows(cells: MinuteCells, names: readonly string[]): ActivityRows {
  const {order, volumes} = sortCells(cells, names);
  const rows = emptyRows(countDistinct(cells, order), volumes);
  const rankOf = new Map(volumes.map((name, rank) => [name, rank]));
  const ranks = names.map((name) => rankOf.get(name) ?? -1);
  let row = -1;
  let previous = -1;
  for (const cell of order) {
    if (previous < 0 || !isSameMinute(cells, previous, cell)) {
      row += 1;
      rows.volumeIndex[row] = ranks[cells.volume[cell] ?? 0] ?? -1;
      rows.startUs[row] = cells.startUs[cell] ?? 0;
    }
    addCell(rows, row, cells, cell);
    previous = cell;
  }
  return rows;
}

/** Cell numbers by (volume name, minute, first appearance), and the names that have any, in code-unit order. */
function sortCells(
  {count, volume, startUs}: MinuteCells,
  names: readonly string[],
): {readonly order: Int32Array; readonly volumes: readonly string[]} {
  const sizes = new Int32Array(names.length);
  for (let cell = 0; cell < count; cell += 1) increment(sizes, volume[cell]);
  const byName = names.map((name, number) => ({name, number})).filter(({number}) => sizes[number] !== 0);
  byName.sort((left, right) => (left.name < right.name ? -1 : 1));
  const next = new Int32Array(names.length);
  let start = 0;
  for (const {number} of byName) {
    next[number] = start;
    start += sizes[number] ?? 0;
  }
  const order = new Int32Array(count);
  for (let cell = 0; cell < count; cell += 1) order[increment(next, volume[cell])] = cell;
  for (const {number} of byName) {
    const end = next[number] ?? 0;
    sortByTime(order.subarray(end - (sizes[number] ?? 0), end), startUs);
  }
  return {order, volumes: byName.map(({name}) => name)};
}

/** Adds one; returns what was there before. */
function increment(counts: Int32Array, index = 0): number {
  const before = counts[index] ?? 0;
  counts[index] = before + 1;
  return before;
}

/** The cells of one volume are nearly always in order already. */
function sortByTime(order: Int32Array, startUs: Float64Array): void {
  const isSorted = order.every(
    (cell, place) => place === 0 || (startUs[order[place - 1] ?? 0] ?? 0) <= (startUs[cell] ?? 0),
  );
  if (!isSorted) {
    order.sort((left, right) => (startUs[left] ?? 0) - (startUs[right] ?? 0) || left - right);
  }
}

function isSameMinute(cells: MinuteCells, left: number, right: number): boolean {
  return cells.volume[left] === cells.volume[right] && cells.startUs[left] === cells.startUs[right];
}

function countDistinct(cells: MinuteCells, order: Int32Array): number {
  let distinct = 0;
  for (let place = 0; place < order.length; place += 1) {
    if (place === 0 || !isSameMinute(cells, order[place - 1] ?? 0, order[place] ?? 0)) distinct += 1;
  }
  return distinct;
}

function emptyRows(count: number, volumes: readonly string[]): ActivityRows {
  return {
    count,
    volumes,
    volumeIndex: new Int32Array(count),
    startUs: new Float64Array(count),
    reads: new Float64Array(count),
    writes: new Float64Array(count),
    trims: new Float64Array(count),
    readBytes: new Float64Array(count),
    writeBytes: new Float64Array(count),
    footprintGrowthBytes: new Float64Array(count),
    usedBytes: new Float64Array(count).fill(Number.NaN),
    usedAtUs: new Float64Array(count).fill(Number.NaN),
  };
}

function addCell(rows: ActivityRows, row: number, {numbers, usedAtUs}: MinuteCells, cell: number): void {
  const base = cell * CELL_NUMBERS;
  addTo(rows.reads, row, numbers[base + CELL.reads]);
  addTo(rows.writes, row, numbers[base + CELL.writes]);
  addTo(rows.trims, row, numbers[base + CELL.trims]);
  addTo(rows.readBytes, row, numbers[base + CELL.readBytes]);
  addTo(rows.writeBytes, row, numbers[base + CELL.writeBytes]);
  addTo(rows.footprintGrowthBytes, row, numbers[base + CELL.growthBytes]);
  const sampledAtUs = usedAtUs[cell] ?? Number.NaN;
  if (Number.isNaN(sampledAtUs) || sampledAtUs < (rows.usedAtUs[row] ?? 0)) return;
  rows.usedAtUs[row] = sampledAtUs;
  rows.usedBytes[row] = numbers[base + CELL.usedBytes] ?? Number.NaN;
}

function addTo(column: Float64Array, row: number, value = 0): void {
  column[row] = (column[row] ?? 0) + value;
}
