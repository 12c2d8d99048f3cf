import {STORE_KINDS} from '../../src/lib/shadow-store/index.js';
import {type StoreBed, testStore} from './store-conformance.js';
import {newStorePath} from './stores.js';

/** Those that need no server. */
const BEDS: Readonly<Record<string, StoreBed>> = {
  parquet: {kind: 'parquet', newStore: newStorePath, runs: 6},
};

for (const kind of Object.keys(STORE_KINDS)) {
  const bed = BEDS[kind];
  if (bed === undefined) process.stderr.write(`stores in ${kind} are tested by npm run test:integration\n`);
  else testStore(bed);
}
