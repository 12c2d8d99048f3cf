import type {ActivityRows} from '../activity.js';
import {CELL, type MinuteCells} from './minute-cells.js';

/** The cells as columns sorted by (volume name, minute), one row each. `names` are the volumes by number. */
export function toActivityRows(cells: MinuteCells, names: readonly string[]): ActivityRows {
  const filled = names
    .map((name, number) => ({name, number}))
    .filter(({number}) => cells.countOf(number) > 0);
  filled.sort((left, right) => (left.name < right.name ? -1 : 1));
  const rows = emptyRows(
    filled.reduce((total, {number}) => total + cells.countOf(number), 0),
    filled.map(({name}) => name),
  );
  let row = 0;
  filled.forEach(({number}, rank) => {
    let previousUs = Number.NaN;
    for (const cell of cellsByTime(cells, number)) {
      const startUs = startOf(cells, cell);
      if (startUs !== previousUs) row += 1;
      rows.volumeIndex[row - 1] = rank;
      rows.startUs[row - 1] = startUs;
      addCell(rows, row - 1, cells, cell);
      previousUs = startUs;
    }
  });
  return row === rows.count ? rows : cutRows(rows, row);
}

/** The cells of a volume by minute; they are nearly always in order already. */
function cellsByTime(cells: MinuteCells, volume: number): Int32Array {
  const order = new Int32Array(cells.countOf(volume));
  let cell = cells.firstOf(volume);
  let isSorted = true;
  for (let place = 0; place < order.length; place += 1) {
    order[place] = cell;
    const next = cells.nextOf(volume, cell);
    isSorted &&= next < 0 || startOf(cells, next) >= startOf(cells, cell);
    cell = next;
  }
  if (isSorted) return order;
  return order.sort((left, right) => startOf(cells, left) - startOf(cells, right) || left - right);
}

function startOf(cells: MinuteCells, cell: number): number {
  return cells.slabOf(cell)[cells.baseOf(cell) + CELL.startUs] ?? 0;
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

function addCell(rows: ActivityRows, row: number, cells: MinuteCells, cell: number): void {
  const numbers = cells.slabOf(cell);
  const base = cells.baseOf(cell);
  addTo(rows.reads, row, numbers[base + CELL.reads] ?? 0);
  addTo(rows.writes, row, numbers[base + CELL.writes] ?? 0);
  addTo(rows.trims, row, numbers[base + CELL.trims] ?? 0);
  addTo(rows.readBytes, row, numbers[base + CELL.readBytes] ?? 0);
  addTo(rows.writeBytes, row, numbers[base + CELL.writeBytes] ?? 0);
  addTo(rows.footprintGrowthBytes, row, numbers[base + CELL.growthBytes] ?? 0);
  const {usedBytes, usedAtUs} = cells.sampleOf(cell);
  if (Number.isNaN(usedAtUs) || usedAtUs < (rows.usedAtUs[row] ?? 0)) return;
  rows.usedAtUs[row] = usedAtUs;
  rows.usedBytes[row] = usedBytes;
}

function addTo(column: Float64Array, row: number, value: number): void {
  column[row] = (column[row] ?? 0) + value;
}

function cutRows(rows: ActivityRows, count: number): ActivityRows {
  return {
    count,
    volumes: rows.volumes,
    volumeIndex: rows.volumeIndex.subarray(0, count),
    startUs: rows.startUs.subarray(0, count),
    reads: rows.reads.subarray(0, count),
    writes: rows.writes.subarray(0, count),
    trims: rows.trims.subarray(0, count),
    readBytes: rows.readBytes.subarray(0, count),
    writeBytes: rows.writeBytes.subarray(0, count),
    footprintGrowthBytes: rows.footprintGrowthBytes.subarray(0, count),
    usedBytes: rows.usedBytes.subarray(0, count),
    usedAtUs: rows.usedAtUs.subarray(0, count),
  };
}
