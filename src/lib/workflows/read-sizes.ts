import {parseBytes} from '../core/index.js';
import {type PairTable, readPairs} from './read-pairs.js';

const TABLE: PairTable = {
  header: ['volume', 'provisioned_bytes'],
  code: 'bad-sizes',
  lineCode: 'bad-size',
  hint: 'a line is like vol-7,100GiB',
};

/**
 * The sizes of volumes, in bytes by name, of a CSV file with the header `volume,provisioned_bytes`; a size may have a
 * unit, as 100GiB. Throws InputError that lists every line that cannot be used.
 */
export async function readSizes(file: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  await readPairs(file, TABLE, (volume, size) => {
    const bytes = parseBytes(size);
    if (sizes.has(volume)) return `volume ${JSON.stringify(volume)} is there already`;
    if (bytes === undefined) return `provisioned_bytes is no size: ${JSON.stringify(size)}`;
    sizes.set(volume, bytes);
    return undefined;
  });
  return sizes;
}
