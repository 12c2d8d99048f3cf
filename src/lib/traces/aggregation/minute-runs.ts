import type {ActivityRows, BatchRows} from '../activity.js';
import {blockOfCells, COLUMN, columnOf, countOf, mergeBlocks, type MinuteBlock} from './minute-block.js';
import type {MinuteCells} from './minute-cells.js';
import type {ScratchFile, ScratchPlace} from './scratch-file.js';

/**
 * The minutes of volumes that were put aside because cells must not take all the memory: runs of blocks in a scratch
 * file. What is asked for is put together from them and from the cells.
 */
export class MinuteRuns {
  private readonly scratch: ScratchFile;
  /** By volume. */
  private readonly places: (ScratchPlace[] | undefined)[] = [];

  constructor(scratch: ScratchFile) {
    this.scratch = scratch;
  }

  /** Puts everything that cells hold aside. */
  add(cells: MinuteCells, volumes: number): void {
    for (let volume = 0; volume < volumes; volume += 1) {
      if (cells.countOf(volume) === 0) continue;
      const block = blockOfCells(cells, volume);
      const place = this.scratch.write(new Uint8Array(block.buffer));
      (this.places[volume] ??= []).push(place);
    }
  }

  /** All minutes, of the runs and of cells that are not among them. */
  rowsWith(cells: MinuteCells, names: readonly string[]): BatchRows {
    const filled = names.flatMap((name, volume) =>
      cells.countOf(volume) > 0 || this.places[volume] !== undefined ? [{name, volume}] : [],
    );
    filled.sort((left, right) => (left.name < right.name ? -1 : 1));
    const volumeOf = new Map(filled.map(({name, volume}) => [name, volume]));
    return {
      volumes: filled.map(({name}) => name),
      rowsOf: (volumes) => {
        const blocks = volumes.map((name) => this.blockOf(cells, volumeOf.get(name) ?? -1));
        return toRows(volumes, blocks);
      },
    };
  }

  private blockOf(cells: MinuteCells, volume: number): MinuteBlock {
    const runs = (this.places[volume] ?? []).map(
      (place) => new Float64Array(this.scratch.read(place).buffer),
    );
    return mergeBlocks(cells.countOf(volume) === 0 ? runs : [...runs, blockOfCells(cells, volume)]);
  }
}

function toRows(volumes: readonly string[], blocks: readonly MinuteBlock[]): ActivityRows {
  const count = blocks.reduce((total, block) => total + countOf(block), 0);
  const volumeIndex = new Int32Array(count);
  let next = 0;
  blocks.forEach((block, index) => {
    volumeIndex.fill(index, next, next + countOf(block));
    next += countOf(block);
  });
  const column = (place: number): Float64Array => {
    const values = new Float64Array(count);
    let at = 0;
    for (const block of blocks) {
      values.set(columnOf(block, place), at);
      at += countOf(block);
    }
    return values;
  };
  return {
    ...{count, volumes, volumeIndex},
    startUs: column(COLUMN.startUs),
    reads: column(COLUMN.reads),
    writes: column(COLUMN.writes),
    trims: column(COLUMN.trims),
    readBytes: column(COLUMN.readBytes),
    writeBytes: column(COLUMN.writeBytes),
    footprintGrowthBytes: column(COLUMN.growthBytes),
    usedBytes: column(COLUMN.usedBytes),
    usedAtUs: column(COLUMN.usedAtUs),
  };
}
