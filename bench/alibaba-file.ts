import {once} from 'node:events';
import {createWriteStream} from 'node:fs';

import {createRandom, type Random} from '../src/lib/core/index.js';

const VOLUMES = 200;
const ZIPF_EXPONENT = 0.9;
const WRITE_SHARE = 0.58;
const MEAN_GAP_US = 9850;
const FROM_US = 1_577_808_000_000_000;
const GIB = 2 ** 30;
const BLOCK_BYTES = 4096;
const LENGTHS = [4096, 4096, 4096, 8192, 16_384, 32_768, 65_536, 131_072];
const ROWS_A_PIECE = 20_000;

interface BenchVolume {
  readonly name: string;
  readonly sizeBytes: number;
  /** Where its sequential writer goes on. */
  nextBytes: number;
}

/**
 * Writes a trace in the Alibaba layout, always the same one: 200 volumes of 20 to 1000 GiB with Zipf popularity, 58 %
 * writes, about 100 requests a second. Half of the requests go on sequentially, a third hit a tenth of the volume, the
 * others fall anywhere.
 */
export async function writeAlibabaFile(file: string, rows: number): Promise<void> {
  const random = createRandom('bench ingest');
  const volumes = Array.from({length: VOLUMES}, (_, index) => createVolume(index, random));
  const pick = createZipf(random);
  const out = createWriteStream(file);
  let atUs = FROM_US;
  for (let written = 0; written < rows; written += ROWS_A_PIECE) {
    const lines: string[] = [];
    for (let row = written; row < Math.min(rows, written + ROWS_A_PIECE); row += 1) {
      atUs += random.below(2 * MEAN_GAP_US);
      const volume = volumes[pick()];
      if (volume === undefined) continue;
      const lengthBytes = LENGTHS[random.below(LENGTHS.length)] ?? BLOCK_BYTES;
      const opcode = random.next() < WRITE_SHARE ? 'W' : 'R';
      lines.push(
        `${volume.name},${opcode},${offsetIn(volume, lengthBytes, random)},${lengthBytes},${atUs}\n`,
      );
    }
    if (!out.write(lines.join(''))) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

function createVolume(index: number, random: Random): BenchVolume {
  const sizeBytes = (20 + Math.floor(980 * random.next() ** 3)) * GIB;
  return {name: String(100 + 7 * index), sizeBytes, nextBytes: 0};
}

function createZipf(random: Random): () => number {
  const sums: number[] = [];
  for (let rank = 1; rank <= VOLUMES; rank += 1) sums.push((sums.at(-1) ?? 0) + rank ** -ZIPF_EXPONENT);
  return () => {
    const target = random.next() * (sums.at(-1) ?? 0);
    return sums.findIndex((sum) => sum >= target);
  };
}

function offsetIn(volume: BenchVolume, lengthBytes: number, random: Random): number {
  const kind = random.below(6);
  if (kind < 3) {
    if (volume.nextBytes + lengthBytes > volume.sizeBytes) volume.nextBytes = 0;
    volume.nextBytes += lengthBytes;
    return volume.nextBytes - lengthBytes;
  }
  const blocks = (volume.sizeBytes - lengthBytes) / BLOCK_BYTES;
  return Math.floor(random.next() * blocks * (kind < 5 ? 0.1 : 1)) * BLOCK_BYTES;
}
