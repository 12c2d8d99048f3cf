import type {PlaceRule} from '../name-tiers.js';
import type {CephRule} from './documents.js';
import type {CephOsd, CrushTree} from './crush-tree.js';

/** Where a CRUSH rule puts the copies of a placement group. */
export interface PlacementRule extends PlaceRule<CephOsd> {
  readonly id: number;
  /** Type of bucket that no two copies share: `rack`, `host`, `osd`. */
  readonly domain: string;
  /** Device class that it takes; undefined: any, or several. */
  readonly class: string | undefined;
  /** Whether it may choose the OSD, up and in or not. */
  readonly allows: (osd: CephOsd) => boolean;
  /** What of it a topology cannot say; undefined: nothing. */
  readonly beyond: string | undefined;
}

interface Choice {
  /** How many buckets are chosen; 0: as many as there are copies. */
  readonly count: number;
  readonly type: string;
}

/** From `take` to `emit`. */
interface Block {
  readonly bucket: string;
  readonly deviceClass: string | undefined;
  readonly choices: readonly Choice[];
}

const CHOOSE = /^choose(leaf)?_(firstn|indep)$/;
const TUNING = /^set_/;

/**
 * Reads the steps of a rule (https://docs.ceph.com/en/latest/rados/operations/crush-map-edits/). Exact for one `take` with
 * one `choose` or `chooseleaf`, and with further ones that take one bucket each; of all others `beyond` says what is lost.
 */
export function readPlacementRule(rule: CephRule, tree: CrushTree): PlacementRule {
  const {blocks, unknown} = toBlocks(rule);
  const classes = new Set(blocks.map(({deviceClass}) => deviceClass));
  const domains = blocks.map(({choices}) => domainOf(choices));
  const innermost = domains.map(({type}) => tree.typeIdOf(type) ?? 0);
  const domain = domains[innermost.indexOf(Math.min(...innermost))]?.type ?? 'osd';
  const shape =
    blocks.length === 1
      ? domains[0]?.beyond
      : `it has ${blocks.length} takes: which copies lie under which is not told apart`;
  return {
    id: rule.rule_id,
    name: rule.rule_name,
    domain,
    class: classes.size === 1 ? [...classes][0] : undefined,
    allows: (osd) => blocks.some((block) => allows(block, osd)),
    beyond: unknown.length > 0 ? `it has steps that are not known: ${unknown.join(', ')}` : shape,
  };
}

function toBlocks({steps}: CephRule): {
  readonly blocks: readonly Block[];
  readonly unknown: readonly string[];
} {
  const blocks: {bucket: string; deviceClass: string | undefined; choices: Choice[]}[] = [];
  const unknown: string[] = [];
  for (const {op, item_name: item = '', num: count = 0, type = 'osd'} of steps) {
    if (op === 'take') {
      const [bucket = '', deviceClass] = item.split('~');
      blocks.push({bucket, deviceClass, choices: []});
    } else if (CHOOSE.test(op)) blocks.at(-1)?.choices.push({count, type});
    else if (op !== 'emit' && !TUNING.test(op)) unknown.push(op);
  }
  return {blocks, unknown};
}

/** What keeps copies apart: the first choice, where those after it take one bucket in each that it chose. */
function domainOf(choices: readonly Choice[]): {readonly type: string; readonly beyond?: string} {
  const [first, ...rest] = choices;
  if (first === undefined) return {type: 'osd', beyond: 'it chooses nothing'};
  if (rest.every(({count}) => count === 1)) return {type: first.type};
  const shares = choices.map(({count, type}) => `${count === 0 ? 'all' : count} by ${type}`).join(', then ');
  const type = choices.findLast(({count}) => count !== 1)?.type ?? 'osd';
  return {type, beyond: `it chooses ${shares}: how many copies may share a ${first.type} is not kept`};
}

/** An OSD that is in no bucket of the type that is chosen is never chosen. */
function allows({bucket, deviceClass, choices}: Block, osd: CephOsd): boolean {
  const top = osd.ancestors.find(({name}) => name === bucket);
  const isTaken = top !== undefined || osd.name === bucket;
  const isOfClass = deviceClass === undefined || osd.deviceClass === deviceClass;
  const below = new Set(
    osd.ancestors.filter(({typeId}) => typeId < (top?.typeId ?? 0)).map(({type}) => type),
  );
  return isTaken && isOfClass && choices.every(({type}) => isLeaf(type) || below.has(type));
}

/** Ancient maps call the leaves devices. */
export function isLeaf(type: string): boolean {
  return type === 'osd' || type === 'device';
}
