import {setImmediate} from 'node:timers/promises';

import {errorText} from '../../core/index.js';
import {contentsOf} from '../files/store-contents.js';
import {type FootprintPlace, loadFootprint} from '../files/footprint-pack.js';
import {STATE_FOLDER} from '../files/layout.js';
import {type Finding, findingOf, type Verification} from './verification.js';

export interface CheckedFootprints {
  readonly count: number;
  readonly findings: readonly Finding[];
}

/**
 * Decodes the newest footprint of every volume, and compares its size with all growth that the series tell where these
 * are whole: it begins at nothing, so both must be the same.
 */
export async function checkFootprints(
  {storePath, live, signal, onProgress}: Verification,
  damaged: ReadonlySet<string>,
  growthBytes: ReadonlyMap<string, number> | undefined,
): Promise<CheckedFootprints> {
  const {footprints} = contentsOf(live);
  const findings: Finding[] = [];
  let done = 0;
  for (const [volume, place] of footprints) {
    signal?.throwIfAborted();
    onProgress?.({stage: 'footprints', done, total: footprints.size});
    done += 1;
    await setImmediate();
    if (damaged.has(place.path)) continue;
    const fault = faultOf(storePath, volume, place, growthBytes);
    if (fault) findings.push(findingOf(storePath, place.path, fault.code, fault.message));
  }
  const missing = [...(growthBytes ?? [])].filter(
    ([volume, bytes]) => bytes !== 0 && !footprints.has(volume),
  );
  for (const [volume, bytes] of missing) {
    const message = `no footprint of volume ${JSON.stringify(volume)} is there, which has grown by ${bytes} bytes`;
    findings.push(findingOf(storePath, STATE_FOLDER, 'no-footprint', message));
  }
  return {count: footprints.size, findings};
}

function faultOf(
  storePath: string,
  volume: string,
  place: FootprintPlace,
  growthBytes: ReadonlyMap<string, number> | undefined,
): {readonly code: string; readonly message: string} | undefined {
  try {
    const {footprintBytes} = loadFootprint(storePath, volume, place);
    const grownBytes = growthBytes?.get(volume) ?? 0;
    if (growthBytes === undefined || footprintBytes === grownBytes) return undefined;
    const name = JSON.stringify(volume);
    const message = `the footprint of volume ${name} is ${footprintBytes} bytes, its growth adds up to ${grownBytes}`;
    return {code: 'footprint-differs', message};
  } catch (error) {
    return {code: 'bad-footprint', message: errorText(error)};
  }
}
