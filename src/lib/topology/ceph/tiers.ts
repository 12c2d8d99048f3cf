import {groupBy} from '../../core/index.js';
import type {CephOsd} from './crush-tree.js';
import type {PlacementRule} from './placement-rules.js';

/** Tiers that stand for what rules may choose. */
export interface CephTiers {
  /** Undefined: the OSD has no device class, and no rule tells it from others. */
  readonly ofOsd: (osd: CephOsd) => string | undefined;
  /** Undefined: any OSD; `beyond` says so where that is more than the rule may choose. */
  readonly ofRule: (rule: PlacementRule) => {readonly tier: string | undefined; readonly beyond?: string};
}

/**
 * OSDs that the same rules may choose are one tier, called by their device class; where that is not theirs alone (several
 * roots, hosts in no rack), by class and rules, such as `ssd for by_rack+fast`. A topology's volume is of one tier or of
 * any, so a rule that may choose some tiers but not all cannot be said.
 */
export function nameTiers(open: readonly CephOsd[], rules: readonly PlacementRule[]): CephTiers {
  const keyOf = (osd: CephOsd): string => rules.map((rule) => (rule.allows(osd) ? 1 : 0)).join('');
  const groups = groupBy(open, keyOf);
  const classOfKey = new Map([...groups].map(([key, osds]) => [key, classOf(osds)]));
  const isUnique = (key: string): boolean =>
    classOfKey.get(key) !== undefined &&
    [...classOfKey.values()].filter((name) => name === classOfKey.get(key)).length === 1;
  const nameOf = (key: string): string => {
    const known = classOfKey.get(key);
    if (known !== undefined && isUnique(key)) return known;
    const choosers = rules.filter((_, index) => key[index] === '1').map(({name}) => name);
    return `${known ?? 'any class'} for ${choosers.join('+')}`;
  };
  const isOneTier = groups.size <= 1;
  return {
    ofOsd: (osd) => (isOneTier || !groups.has(keyOf(osd)) ? osd.deviceClass : nameOf(keyOf(osd))),
    ofRule: (rule) => {
      const index = rules.indexOf(rule);
      const chosen = [...groups.keys()].filter((key) => key[index] === '1');
      if (chosen.length === groups.size) return {tier: isOneTier ? rule.deviceClass : undefined};
      const [only, ...more] = chosen;
      if (only !== undefined && more.length === 0) return {tier: nameOf(only)};
      const names = chosen.map(nameOf).join(', ') || 'none';
      return {tier: undefined, beyond: `of the tiers it may choose some (${names}) and not the others`};
    },
  };
}

/** The one device class of all; undefined: they have several, or none. */
function classOf(osds: readonly CephOsd[]): string | undefined {
  const classes = new Set(osds.map(({deviceClass}) => deviceClass));
  return classes.size === 1 ? osds[0]?.deviceClass : undefined;
}
