import {CELL, type MinuteCells} from './minute-cells.js';

/** What a minute of a volume is, by column. */
export const COLUMN = {
  startUs: 0,
  reads: 1,
  writes: 2,
  trims: 3,
  readBytes: 4,
  writeBytes: 5,
  growthBytes: 6,
  usedBytes: 7,
  usedAtUs: 8,
} as const;
const COLUMNS = 9;
/** Columns that are added up where two rows are of the same minute. */
const SUMS = [
  COLUMN.reads,
  COLUMN.writes,
  COLUMN.trims,
  COLUMN.readBytes,
  COLUMN.writeBytes,
  COLUMN.growthBytes,
] as const;
const CELL_SUMS = [
  CELL.reads,
  CELL.writes,
  CELL.trims,
  CELL.readBytes,
  CELL.writeBytes,
  CELL.growthBytes,
] as const;

/** Minutes of one volume, ascending and unique: `count` numbers a column, one column behind the other. */
export type MinuteBlock = Float64Array<ArrayBuffer>;

export function countOf(block: MinuteBlock): number {
  return block.length / COLUMNS;
}

/** A column of a block. */
export function columnOf(block: MinuteBlock, column: number): Float64Array {
  const count = countOf(block);
  return block.subarray(column * count, (column + 1) * count);
}

/** The minutes of a volume that cells hold. */
export function blockOfCells(cells: MinuteCells, volume: number): MinuteBlock {
  const count = cells.countOf(volume);
  const block = new Float64Array(count * COLUMNS);
  let cell = cells.firstOf(volume);
  for (let row = 0; row < count; row += 1) {
    const numbers = cells.slabOf(cell);
    const base = cells.baseOf(cell);
    const {usedBytes, usedAtUs} = cells.sampleOf(cell);
    block[row] = numbers[base + CELL.startUs] ?? 0;
    CELL_SUMS.forEach((place, index) => {
      block[(index + 1) * count + row] = numbers[base + place] ?? 0;
    });
    block[COLUMN.usedBytes * count + row] = usedBytes;
    block[COLUMN.usedAtUs * count + row] = usedAtUs;
    cell = cells.nextOf(volume, cell);
  }
  return inOrder(block);
}

/** All minutes of some blocks of one volume; of a minute that is in several, the sums and the last sample. */
export function mergeBlocks(blocks: readonly MinuteBlock[]): MinuteBlock {
  const [first = new Float64Array(0)] = blocks;
  if (blocks.length < 2) return first;
  const count = blocks.reduce((total, block) => total + countOf(block), 0);
  const all = new Float64Array(count * COLUMNS);
  for (let column = 0; column < COLUMNS; column += 1) {
    let at = column * count;
    for (const block of blocks) {
      all.set(columnOf(block, column), at);
      at += countOf(block);
    }
  }
  return inOrder(all);
}

/** The same rows ascending, those of one minute as one. They are nearly always in order already. */
function inOrder(block: MinuteBlock): MinuteBlock {
  const count = countOf(block);
  const startUs = columnOf(block, COLUMN.startUs);
  let isAscending = true;
  for (let row = 1; row < count && isAscending; row += 1) {
    isAscending = (startUs[row] ?? 0) > (startUs[row - 1] ?? 0);
  }
  if (isAscending) return block;
  const order = Int32Array.from({length: count}, (_, row) => row);
  order.sort((left, right) => (startUs[left] ?? 0) - (startUs[right] ?? 0) || left - right);
  const unique = new Set(startUs).size;
  const merged = new Float64Array(unique * COLUMNS);
  let row = -1;
  let previousUs = Number.NaN;
  for (const from of order) {
    const at = startUs[from] ?? 0;
    if (at !== previousUs) row += 1;
    addRow(block, from, merged, row, at !== previousUs);
    previousUs = at;
  }
  return merged;
}

function addRow(from: MinuteBlock, row: number, to: MinuteBlock, place: number, isFirst: boolean): void {
  const fromCount = countOf(from);
  const toCount = countOf(to);
  const value = (column: number): number => from[column * fromCount + row] ?? 0;
  const put = (column: number, number: number): void => {
    to[column * toCount + place] = number;
  };
  put(COLUMN.startUs, value(COLUMN.startUs));
  for (const column of SUMS) put(column, value(column) + (to[column * toCount + place] ?? 0));
  const usedAtUs = value(COLUMN.usedAtUs);
  const isOlder = usedAtUs < (to[COLUMN.usedAtUs * toCount + place] ?? 0);
  if (!isFirst && (Number.isNaN(usedAtUs) || isOlder)) return;
  put(COLUMN.usedBytes, value(COLUMN.usedBytes));
  put(COLUMN.usedAtUs, usedAtUs);
}
