import {groupBy} from '../core/index.js';

/** What decides which places may hold a copy. */
export interface PlaceRule<P> {
  readonly name: string;
  readonly allows: (place: P) => boolean;
  /** The class of places that it asks for by itself. */
  readonly class?: string | undefined;
}

/** Tiers that stand for what rules allow. */
export interface NamedTiers<P> {
  /** Undefined: the place has no class, and no rule tells it from others. */
  readonly ofPlace: (place: P) => string | undefined;
  /** Undefined: any place; `beyond` says so where that is more than the rule allows. */
  readonly ofRule: (rule: PlaceRule<P>) => {readonly tier: string | undefined; readonly beyond?: string};
}

/**
 * Places that the same rules allow are one tier, called by their class; where that is not theirs alone (several roots, hosts
 * in no rack), by class and rules, such as `ssd for by_rack+fast`. A topology's volume is of one tier or of any, so a rule
 * that allows some tiers but not all cannot be said. `places` are those that take copies.
 */
export function nameTiers<P>(
  places: readonly P[],
  rules: readonly PlaceRule<P>[],
  classOf: (place: P) => string | undefined,
): NamedTiers<P> {
  const keyOf = (place: P): string => rules.map((rule) => (rule.allows(place) ? 1 : 0)).join('');
  const groups = groupBy(places, keyOf);
  const classOfKey = new Map([...groups].map(([key, members]) => [key, commonOf(members.map(classOf))]));
  const isUnique = (name: string): boolean =>
    [...classOfKey.values()].filter((candidate) => candidate === name).length === 1;
  const nameOf = (key: string): string => {
    const known = classOfKey.get(key);
    if (known !== undefined && isUnique(known)) return known;
    const choosers = rules.filter((_, index) => key[index] === '1').map(({name}) => name);
    return `${known ?? 'any'} for ${choosers.join('+')}`;
  };
  const isOneTier = groups.size <= 1;
  return {
    ofPlace: (place) => (isOneTier || !groups.has(keyOf(place)) ? classOf(place) : nameOf(keyOf(place))),
    ofRule: (rule) => {
      const index = rules.indexOf(rule);
      const chosen = [...groups.keys()].filter((key) => key[index] === '1');
      if (chosen.length === groups.size) return {tier: isOneTier ? rule.class : undefined};
      const [only, ...more] = chosen;
      if (only !== undefined && more.length === 0) return {tier: nameOf(only)};
      const names = chosen.map(nameOf).join(', ') || 'none';
      return {tier: undefined, beyond: `of the tiers it may choose some (${names}) and not the others`};
    },
  };
}

/** The one that all are; undefined: they differ, or are undefined. */
function commonOf(classes: readonly (string | undefined)[]): string | undefined {
  return new Set(classes).size === 1 ? classes[0] : undefined;
}
