import {createHash} from 'node:crypto';

import type {Series} from '../core/index.js';

/** SHA-256 of the series: names, times, steps, ceilings and every value to the bit, in the order given. */
export function panelSha256(panel: readonly Series[]): string {
  const hash = createHash('sha256');
  for (const {id, startUs, stepSeconds, ceiling, values} of panel) {
    hash.update(JSON.stringify([id, startUs, stepSeconds, ceiling ?? null, values.length]));
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}
