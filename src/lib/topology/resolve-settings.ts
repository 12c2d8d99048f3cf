import {type Diagnostic, parseRate} from '../core/index.js';
import type {Located, RawTopology} from './raw-topology.js';
import type {Topology} from './topology.js';

/** What a topology states for plans; what it does not state is absent. */
export function readPlanSettings(
  {recoveryRate}: Pick<RawTopology, 'recoveryRate'>,
  faults: Diagnostic[],
): Pick<Topology, 'recoveryBytesPerSecond'> {
  const recoveryBytesPerSecond = recoveryRate && readRate(recoveryRate, faults);
  return recoveryBytesPerSecond === undefined ? {} : {recoveryBytesPerSecond};
}

function readRate({at, text}: Located, faults: Diagnostic[]): number | undefined {
  const rate = parseRate(text);
  if (rate !== undefined) return rate;
  const message = `recoveryRate is not so many bytes a second: ${JSON.stringify(text)}`;
  faults.push({severity: 'error', code: 'bad-rate', at, message, advice: 'write it like 200MB/s'});
  return undefined;
}
