import type {Hindsight, HindsightStep} from './policy.js';

/** Steps that follow each other, or a single one. */
interface Span {
  /** The most that each group asks for at any of the steps, the least room of each host: no step is harder. */
  readonly hardest: Pick<HindsightStep, 'roomBytes' | 'demands'>;
  /** Index of the first step. */
  readonly firstStep: number;
  /** Rising; none: the span is one step. */
  readonly parts: readonly Span[];
}

/** A history in spans, so that not every step of it need be looked at. */
export interface StepSpans {
  /**
   * Tells for each scenario how many bytes find no place at a step while `reserveBytes` are held, the last step first.
   * Steps with fewer than `leastBytes` are left out, most of them by the span that they are in.
   */
  eachStuck(reserveBytes: Float64Array, look: StuckLook): void;
}

export interface StuckLook {
  /** Above 0; asked anew all the time, and may rise. */
  readonly leastBytes: (scenario: number) => number;
  readonly visit: (scenario: number, step: number, stuckBytes: number) => void;
}

/** Parts of a span. */
const FAN = 4;

/** Spans of a few steps, spans of a few of those, and so on. */
export function createStepSpans(hindsight: Hindsight): StepSpans {
  const {steps} = hindsight;
  let roots: readonly Span[] = steps.map((hardest, firstStep) => ({hardest, firstStep, parts: []}));
  while (roots.length > FAN) roots = joinSpans(roots);
  const held = new Float64Array(steps[0]?.roomBytes.length ?? 0);
  const everyScenario = [...(steps[0]?.demands.keys() ?? [])];
  const descend = (
    {hardest, firstStep, parts}: Span,
    scenarios: readonly number[],
    reserveBytes: Float64Array,
    look: StuckLook,
  ): void => {
    holdInto(held, reserveBytes, hardest.roomBytes);
    const worth: number[] = [];
    for (const scenario of scenarios) {
      const demand = hardest.demands[scenario];
      const stuck = demand === undefined ? 0 : hindsight.stuckBytes(scenario, demand, held);
      if (stuck < look.leastBytes(scenario)) continue;
      if (parts.length === 0) look.visit(scenario, firstStep, stuck);
      else worth.push(scenario);
    }
    if (worth.length === 0) return;
    for (const part of parts.toReversed()) descend(part, worth, reserveBytes, look);
  };
  return {
    eachStuck: (reserveBytes, look) => {
      for (const root of roots.toReversed()) descend(root, everyScenario, reserveBytes, look);
    },
  };
}

function joinSpans(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (let at = 0; at < spans.length; at += FAN) joined.push(joinParts(spans.slice(at, at + FAN)));
  return joined;
}

function joinParts(parts: readonly Span[]): Span {
  const [first, ...others] = parts.map(({hardest}) => hardest);
  const roomBytes = first?.roomBytes.slice() ?? new Float64Array(0);
  for (const other of others)
    for (let host = 0; host < roomBytes.length; host += 1)
      roomBytes[host] = Math.min(roomBytes[host] ?? 0, other.roomBytes[host] ?? 0);
  const demands = (first?.demands ?? []).map(({sizes, groupBytes}, scenario) => {
    const most = groupBytes.slice();
    for (const other of others) raiseTo(most, other.demands[scenario]?.groupBytes ?? most);
    return {sizes, groupBytes: most, totalBytes: most.reduce((total, bytes) => total + bytes, 0)};
  });
  return {hardest: {roomBytes, demands}, firstStep: parts[0]?.firstStep ?? 0, parts};
}

function raiseTo(most: Float64Array, bytes: Float64Array): void {
  for (let group = 0; group < most.length; group += 1)
    most[group] = Math.max(most[group] ?? 0, bytes[group] ?? 0);
}

/** Writes into `held` what each host can take of a reserve when it has `roomBytes` of room. */
function holdInto(held: Float64Array, reserveBytes: Float64Array, roomBytes: Float64Array): void {
  for (let host = 0; host < held.length; host += 1)
    held[host] = Math.min(reserveBytes[host] ?? 0, roomBytes[host] ?? 0);
}
