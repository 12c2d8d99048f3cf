/**
 * A fixed share of every host's raw capacity is held free, whatever lies on it: the ratio settings of products
 * (e.g. Longhorn's 25 % minimal available storage; Ceph's full ratios). `r_h = share x capacity_h`, at most the room.
 */
import {formatBytes} from '../../core/index.js';
import type {AllocationPolicy, BufferDecision, PolicyInput} from '../policy.js';
import {heldOnly, poolNeeds, viewInput} from '../policy-input.js';

/** Holds `settings.staticShare` of every host's capacity. */
export const staticShare: AllocationPolicy = {
  name: 'static',
  summary: 'a fixed share of every host',
  tunedBy: 'staticShare',
  decide: (input) => Promise.resolve(decide(input)),
};

function decide(input: PolicyInput): BufferDecision {
  const view = viewInput(input);
  const wanted = input.topology.hosts.map(({capacityBytes}) =>
    Math.ceil(capacityBytes * input.settings.staticShare),
  );
  const reserveBytes = Float64Array.from(wanted, (bytes, host) =>
    Math.min(bytes, view.use.roomBytes[host] ?? 0),
  );
  const totalBytes = wanted.reduce((sum, bytes) => sum + bytes, 0);
  const share = `${Number((100 * input.settings.staticShare).toFixed(2))}%`;
  const reason = `${share} of every host's capacity, ${formatBytes(totalBytes)} in all${heldOnly(totalBytes, reserveBytes)}`;
  return {reserveBytes, needs: poolNeeds(view, totalBytes, reason), shortCuts: []};
}
