import type {ScenarioDemand} from './scenario-demand.js';

/** What the hosts have room for at a step, and what each scenario asks for then. */
export interface SpanStep {
  readonly roomBytes: Float64Array;
  /** By scenario. */
  readonly demands: readonly ScenarioDemand[];
}

/** Steps that follow each other, or a single one. */
export interface StepSpan {
  /**
   * The most that each volume and each group asks for at any of the steps, the least room of each host: what finds a
   * place then does at every step, and where it lies it fits.
   */
  readonly hardest: SpanStep;
  /** Index of the first step, and how many there are. */
  readonly firstStep: number;
  readonly stepCount: number;
  /** The same steps in fewer at a time, rising; none: the span is one step. */
  readonly parts: readonly StepSpan[];
}

/** Parts of a span. */
const FAN = 4;

/** All steps, at least one, as a span of spans of a few of those, and so on, so that not every step need be looked at. */
export function spanOf(steps: readonly SpanStep[]): StepSpan | undefined {
  let spans = steps.map(({roomBytes, demands}, firstStep): StepSpan => {
    return {hardest: {roomBytes, demands}, firstStep, stepCount: 1, parts: []};
  });
  while (spans.length > 1) {
    const joined: StepSpan[] = [];
    for (let at = 0; at < spans.length; at += FAN) joined.push(joinSpans(spans.slice(at, at + FAN)));
    spans = joined;
  }
  return spans[0];
}

function joinSpans(parts: readonly StepSpan[]): StepSpan {
  const steps = parts.map(({hardest}) => hardest);
  const roomBytes = steps[0]?.roomBytes.slice() ?? new Float64Array(0);
  for (const step of steps) lowerTo(roomBytes, step.roomBytes);
  const demands = (steps[0]?.demands ?? []).map((_, scenario) =>
    joinDemands(steps.flatMap((step) => step.demands[scenario] ?? [])),
  );
  return {
    hardest: {roomBytes, demands},
    firstStep: parts[0]?.firstStep ?? 0,
    stepCount: parts.reduce((count, part) => count + part.stepCount, 0),
    parts,
  };
}

function joinDemands(demands: readonly ScenarioDemand[]): ScenarioDemand {
  const sizes = demands[0]?.sizes.slice() ?? new Float64Array(0);
  const groupBytes = demands[0]?.groupBytes.slice() ?? new Float64Array(0);
  for (const demand of demands) {
    raiseTo(sizes, demand.sizes);
    raiseTo(groupBytes, demand.groupBytes);
  }
  let totalBytes = 0;
  for (let group = 0; group < groupBytes.length; group += 1) totalBytes += groupBytes[group] ?? 0;
  return {sizes, groupBytes, totalBytes};
}

function raiseTo(values: Float64Array, others: Float64Array): void {
  for (let at = 0; at < values.length; at += 1) {
    const other = others[at] ?? 0;
    if (other > (values[at] ?? 0)) values[at] = other;
  }
}

function lowerTo(values: Float64Array, others: Float64Array): void {
  for (let at = 0; at < values.length; at += 1) {
    const other = others[at] ?? 0;
    if (other < (values[at] ?? 0)) values[at] = other;
  }
}
