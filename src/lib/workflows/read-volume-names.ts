import {type PairTable, readPairs} from './read-pairs.js';

const TABLE: PairTable = {
  header: ['name', 'volume'],
  code: 'bad-volume-names',
  lineCode: 'bad-volume-name',
  hint: 'a line is like "8,16",vol-7 or sdb,vol-7',
};

/**
 * Names of volumes by those that logs have for them, of a CSV file with the header `name,volume`. Throws InputError that
 * lists every line that cannot be used, also one that gives two names the same volume: it would have the requests of
 * both.
 */
export async function readVolumeNames(file: string): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  const volumes = new Set<string>();
  await readPairs(file, TABLE, (name, volume) => {
    if (name === '' || volume === '') return 'name or volume is empty';
    if (names.has(name)) return `name ${JSON.stringify(name)} is there already`;
    if (volumes.has(volume)) return `volume ${JSON.stringify(volume)} is there already`;
    names.set(name, volume);
    volumes.add(volume);
    return undefined;
  });
  return names;
}
