import {sum} from '../core/index.js';
import {type IngestResult, spanOf} from './ingest-files.js';

/** What became of all inputs, of what became of some of them each; `volumes` is how many volumes they are of. */
export function mergeIngests(results: readonly IngestResult[], volumes: number): IngestResult {
  const total = (
    key: 'rows' | 'rejectedRows' | 'blankRows' | 'lateRows' | 'minutes' | 'footprintGrowthBytes',
  ): number => sum(results.map(({totals}) => totals[key]));
  return {
    batchIds: results.flatMap(({batchIds}) => batchIds),
    inputs: results.flatMap(({inputs}) => inputs),
    skipped: results.flatMap(({skipped}) => skipped),
    totals: {
      rows: total('rows'),
      rejectedRows: total('rejectedRows'),
      blankRows: total('blankRows'),
      lateRows: total('lateRows'),
      volumes,
      minutes: total('minutes'),
      footprintGrowthBytes: total('footprintGrowthBytes'),
      ...spanOf(results.flatMap(({inputs}) => inputs)),
    },
    rejects: results.flatMap(({rejects}) => rejects),
  };
}
