import type {Plan} from '../allocation/index.js';
import type {Inventory} from './target.js';
import type {TargetChange, WithheldChange} from './target-change.js';

/** `off`: as if the setting were not there; `warn`: told, not changed. */
export type BoundaryMode = 'off' | 'warn' | 'on';

/** What may hold a change back. */
export interface WithholdRules {
  /** By boundary (`rack/r1`) or kind (`rack`); of those that a setting touches the most cautious counts. */
  readonly modes: ReadonlyMap<string, BoundaryMode>;
  /** Give space back even where the live state speaks against it. */
  readonly allowUnsafeShrink: boolean;
}

interface Sorted {
  readonly allowed: readonly TargetChange[];
  readonly withheld: readonly WithheldChange[];
}

/** Which changes are made, and which are left out by a boundary's mode or because giving back is not safe now. */
export function withhold(
  changes: readonly TargetChange[],
  plan: Plan,
  inventory: Inventory,
  rules: WithholdRules,
): Sorted {
  const allowed: TargetChange[] = [];
  const withheld: WithheldChange[] = [];
  const modeOf = readModes(plan, rules.modes);
  for (const change of changes) {
    const because = modeOf(change) ?? (rules.allowUnsafeShrink ? undefined : unsafe(change, plan, inventory));
    if (because === undefined) allowed.push(change);
    else withheld.push({...change, ...because});
  }
  return {allowed, withheld};
}

type Reason = Pick<WithheldChange, 'cause' | 'because'>;

function readModes(
  {boundaries}: Plan,
  modes: ReadonlyMap<string, BoundaryMode>,
): (change: TargetChange) => Reason | undefined {
  const cautious = boundaries.flatMap(({scenario, hosts}) => {
    const kind = scenario.slice(0, Math.max(0, scenario.indexOf('/')));
    const mode = modes.get(scenario) ?? modes.get(kind);
    return mode === undefined || mode === 'on' ? [] : [{scenario, mode, hosts: new Set(hosts)}];
  });
  return ({hosts}) => {
    const touching = cautious.filter((boundary) => hosts.some((host) => boundary.hosts.has(host)));
    const strictest = touching.find(({mode}) => mode === 'off') ?? touching[0];
    if (strictest === undefined) return undefined;
    const {scenario, mode} = strictest;
    return {cause: mode === 'off' ? 'mode-off' : 'mode-warn', because: `${scenario} is in mode ${mode}`};
  };
}

/** A plan looks ahead from when it was made: what is true now counts more where space is given back. */
function unsafe({action, hosts}: TargetChange, plan: Plan, inventory: Inventory): Reason | undefined {
  if (action === 'allocate') return undefined;
  const trouble = inventory.troubles?.[0];
  if (trouble !== undefined) return {cause: 'unsafe-shrink', because: trouble};
  for (const {host, predictedUsedBytes} of plan.hosts) {
    const usedBytes = hosts.includes(host) ? inventory.usedBytes?.get(host) : undefined;
    if (usedBytes === undefined || usedBytes <= predictedUsedBytes) continue;
    const because = `${usedBytes} bytes are used on ${host}, the plan foresaw ${predictedUsedBytes}`;
    return {cause: 'unsafe-shrink', because};
  }
  return undefined;
}
