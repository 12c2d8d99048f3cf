import {formatBytes, formatDurationSeconds} from '../core/index.js';
import {placeScenario} from './certificate.js';
import type {CompiledTopology} from './compile-topology.js';
import type {BufferDecision} from './policy.js';
import type {ScenarioDemand} from './scenario-demand.js';

/** How fast buffers may be given back. They grow at once. */
export interface ShrinkRules {
  /** A host that would give back no more than this share of what it holds keeps it, e.g. 0.05. */
  readonly deadBandShare: number;
  /** A host gives back at most this share of what it holds at one time, e.g. 0.25; 1: all of it. */
  readonly stepShare: number;
  /** A host whose buffer was changed less than this ago gives nothing back. */
  readonly coolDownSeconds: number;
}

/** What shrinking is decided from. Bytes, a value a host unless said otherwise. */
export interface ShrinkInput {
  readonly compiled: CompiledTopology;
  /** What a policy wants to hold, with its placements where it made some. */
  readonly decision: BufferDecision;
  /** Held now. */
  readonly currentBytes: Float64Array;
  /** The most that can be held over the horizon. */
  readonly roomBytes: Float64Array;
  /** What each scenario asks for at the level over the whole horizon. */
  readonly demands: readonly ScenarioDemand[];
  /** Since each host's buffer was last changed; Infinity: never, or nobody knows. */
  readonly sinceChangeSeconds: ArrayLike<number>;
  readonly rules: ShrinkRules;
}

/**
 * A decision that grows at once and shrinks with proof. Each host holds what is wanted, or more of what it holds now:
 * all of it within the dead band or the cool-down, else what goes beyond the step. Then the proof: no scenario may be
 * left with more bytes stuck, at its demand over the whole horizon, than if nothing had been given back; where one
 * would, the hosts that it may use keep what they hold. `hostNotes` says for each host that keeps more than is wanted
 * why. Deterministic; never less than wanted, never more than the larger of wanted and held, never beyond the room.
 */
export function shrinkWithProof(input: ShrinkInput): BufferDecision {
  const {decision, currentBytes, roomBytes} = input;
  const wanted = decision.reserveBytes;
  const fullBytes = wanted.map((bytes, host) =>
    Math.min(roomBytes[host] ?? 0, Math.max(bytes, currentBytes[host] ?? 0)),
  );
  const notes: (string | undefined)[] = Array.from(wanted, () => undefined);
  const reserveBytes = wanted.map((bytes, host) => {
    const kept = keptOnHost(input, host, bytes, fullBytes[host] ?? 0);
    notes[host] = kept.note;
    return kept.bytes;
  });
  undoUnproven(input, fullBytes, reserveBytes, notes);
  return {...decision, reserveBytes, hostNotes: notes};
}

function keptOnHost(
  {rules, sinceChangeSeconds}: ShrinkInput,
  host: number,
  wantedBytes: number,
  fullBytes: number,
): {readonly bytes: number; readonly note?: string} {
  const surplus = fullBytes - wantedBytes;
  if (surplus <= 0) return {bytes: wantedBytes};
  const since = sinceChangeSeconds[host] ?? Infinity;
  const keeps = `${formatBytes(surplus)} more than is needed`;
  if (since < rules.coolDownSeconds) {
    const ago = `changed ${formatDurationSeconds(Math.floor(since))} ago`;
    const note = `${keeps} kept: ${ago}, cool-down ${formatDurationSeconds(rules.coolDownSeconds)}`;
    return {bytes: fullBytes, note};
  }
  if (surplus <= rules.deadBandShare * fullBytes)
    return {bytes: fullBytes, note: `${keeps} kept: within the dead band of ${percent(rules.deadBandShare)}`};
  const bytes = Math.max(wantedBytes, fullBytes - Math.floor(rules.stepShare * fullBytes));
  if (bytes === wantedBytes) return {bytes};
  const released = formatBytes(fullBytes - bytes);
  const note = `${released} given back, ${formatBytes(bytes - wantedBytes)} more than is needed kept: at most ${percent(rules.stepShare)} at one time`;
  return {bytes, note};
}

/** Changes `reserveBytes` and `notes`. */
function undoUnproven(
  input: ShrinkInput,
  fullBytes: Float64Array,
  reserveBytes: Float64Array,
  notes: (string | undefined)[],
): void {
  let undone = reserveBytes.some((bytes, host) => bytes < (fullBytes[host] ?? 0));
  while (undone) {
    undone = false;
    for (const [scenario, net] of input.compiled.nets.entries()) {
      const missing = missingWithout(input, scenario, reserveBytes, fullBytes);
      if (missing <= 0) continue;
      const name = input.compiled.topology.scenarios[scenario]?.id ?? '';
      for (const host of net.classHosts.flatMap((hosts) => [...hosts])) {
        const full = fullBytes[host] ?? 0;
        if ((reserveBytes[host] ?? 0) >= full) continue;
        reserveBytes[host] = full;
        notes[host] =
          `nothing given back: without it ${formatBytes(missing)} more would be stuck if ${name} fails`;
        undone = true;
      }
    }
  }
}

/** Bytes that a scenario leaves stuck within `reserveBytes` beyond what it does within `fullBytes`. */
function missingWithout(
  {compiled, demands, decision}: ShrinkInput,
  scenario: number,
  reserveBytes: Float64Array,
  fullBytes: Float64Array,
): number {
  const net = compiled.nets[scenario];
  const demand = demands[scenario];
  // A placement within what is wanted lies within what is held, too.
  const isProven = decision.placements?.[scenario]?.stuckBytes === 0;
  if (net === undefined || demand === undefined || isProven) return 0;
  const {stuckBytes} = placeScenario(compiled, net, demand, reserveBytes);
  return stuckBytes === 0 ? 0 : stuckBytes - placeScenario(compiled, net, demand, fullBytes).stuckBytes;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(2))}%`;
}
