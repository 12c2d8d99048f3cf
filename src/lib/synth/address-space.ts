import {BLOCK_BYTES} from './create-cluster.js';

/** Where the next request goes: set by the functions below, read by the caller at once. */
export interface Extent {
  offsetBytes: number;
  lengthBytes: number;
}

/**
 * The data of one volume: a ring of blocks of which [low, high) are in use, so that the footprint is known without a
 * bitmap. Pieces of the ring (chunks) lie scattered over the device by a one-to-one mapping.
 */
export interface AddressSpace {
  low: number;
  high: number;
  readonly chunkBlocks: number;
  readonly chunks: number;
  readonly stride: number;
  readonly shift: number;
}

const SECTOR_BYTES = 512;
const SECTORS_PER_BLOCK = BLOCK_BYTES / SECTOR_BYTES;

/** An empty space of whole chunks; `draw` in [0, 1) decides how it is scattered. */
export function createAddressSpace(
  provisionedBytes: number,
  chunkBlocks: number,
  draw: number,
): AddressSpace {
  const chunks = Math.max(1, Math.floor(provisionedBytes / (chunkBlocks * BLOCK_BYTES)));
  let stride = Math.max(1, Math.floor(chunks * 0.38) + Math.floor(draw * chunks * 0.24));
  while (greatestCommonDivisor(stride, chunks) !== 1) stride += 1;
  return {low: 0, high: 0, chunkBlocks, chunks, stride, shift: Math.floor(draw * chunks)};
}

/** Writes up to `blocks` new blocks at the end of the data; the last may be written in part. */
export function writeNew(space: AddressSpace, blocks: number, raggedSectors: number, extent: Extent): void {
  const length = Math.min(blocks, space.chunkBlocks - (space.high % space.chunkBlocks));
  extent.offsetBytes = deviceBlock(space, space.high) * BLOCK_BYTES;
  extent.lengthBytes = length * BLOCK_BYTES - raggedSectors * SECTOR_BYTES;
  space.high += length;
}

/** Trims up to `blocks` of the oldest blocks; `raggedSectors` more reach into the next block, which stays in use. */
export function trimOldest(space: AddressSpace, blocks: number, raggedSectors: number, extent: Extent): void {
  const left = space.chunkBlocks - (space.low % space.chunkBlocks);
  const length = Math.min(blocks, left);
  const ragged = length < left ? raggedSectors : 0;
  extent.offsetBytes = deviceBlock(space, space.low) * BLOCK_BYTES;
  extent.lengthBytes = length * BLOCK_BYTES + ragged * SECTOR_BYTES;
  space.low += length;
}

/** A piece of the data in use, the newer the likelier; `draw` and `fine` in [0, 1). Nothing in use: the first block. */
export function touchUsed(
  space: AddressSpace,
  sectors: number,
  draw: number,
  fine: number,
  extent: Extent,
): void {
  const used = space.high - space.low;
  if (used === 0) {
    extent.offsetBytes = 0;
    extent.lengthBytes = BLOCK_BYTES;
    return;
  }
  const block = space.high - 1 - Math.floor(draw * draw * used);
  // Most requests begin on a block, some within it.
  const within = fine < 0.125 ? Math.floor(fine * 8 * SECTORS_PER_BLOCK) : 0;
  const blocksLeft = Math.min(space.high - block, space.chunkBlocks - (block % space.chunkBlocks));
  extent.offsetBytes = deviceBlock(space, block) * BLOCK_BYTES + within * SECTOR_BYTES;
  extent.lengthBytes = Math.min(sectors, blocksLeft * SECTORS_PER_BLOCK - within) * SECTOR_BYTES;
}

function deviceBlock({chunkBlocks, chunks, stride, shift}: AddressSpace, block: number): number {
  const chunk = Math.floor(block / chunkBlocks);
  return (((chunk % chunks) * stride + shift) % chunks) * chunkBlocks + (block - chunk * chunkBlocks);
}

function greatestCommonDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestCommonDivisor(right, left % right);
}
