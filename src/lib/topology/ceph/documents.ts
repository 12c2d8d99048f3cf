/**
 * The JSON that the ceph CLI prints, as far as it is read (fields recorded with Ceph 16.2.15; newer releases add some):
 *
 *     ceph osd df tree          nodes: CRUSH buckets and OSDs with space, class, weights; hosts as `children`
 *     ceph osd dump             pools, flags, ratios, profiles of erasure codes, OSDs up and in
 *     ceph osd crush rule dump  steps of each rule
 *     ceph pg dump              pg_map.pg_stats: acting OSDs and bytes of each placement group; pg_map.stamp
 *     ceph config show mon.ID   settings of a monitor that differ from the default (or `ceph config dump`)
 *
 * What a document is, is seen by its shape, so files may be called anything. Keys are not read.
 */
import {z} from 'zod';

import {InputError, parseWith} from '../../core/index.js';
import type {JsonDocument} from '../cluster-importer.js';

const nodeSchema = z.object({
  id: z.int(),
  name: z.string(),
  type: z.string(),
  type_id: z.int(),
  children: z.array(z.int()).optional(),
  device_class: z.string().optional(),
  // Buckets have no weight of their own here.
  crush_weight: z.number().default(0),
  reweight: z.number().default(0),
  kb: z.int().nonnegative(),
  kb_used: z.int().nonnegative(),
  kb_used_data: z.int().nonnegative(),
  kb_used_omap: z.int().nonnegative(),
});
const osdDfSchema = z.object({nodes: z.array(nodeSchema), stray: z.array(nodeSchema).optional()});

const poolSchema = z.object({
  pool: z.int(),
  pool_name: z.string(),
  /** 1 replicated, 3 erasure-coded. */
  type: z.int(),
  size: z.int().positive(),
  min_size: z.int(),
  crush_rule: z.int(),
  erasure_code_profile: z.string(),
  quota_max_bytes: z.int(),
  quota_max_objects: z.int(),
});
const flagsSchema = z.record(z.string(), z.array(z.string())).optional();
const osdDumpSchema = z.object({
  pools: z.array(poolSchema),
  osds: z.array(z.object({osd: z.int(), up: z.int(), in: z.int(), state: z.array(z.string()).optional()})),
  full_ratio: z.number().positive(),
  backfillfull_ratio: z.number().positive(),
  nearfull_ratio: z.number().positive(),
  flags: z.string(),
  crush_node_flags: flagsSchema,
  device_class_flags: flagsSchema,
  erasure_code_profiles: z.record(z.string(), z.record(z.string(), z.string())),
});

const ruleSchema = z.object({
  rule_id: z.int(),
  rule_name: z.string(),
  steps: z.array(
    z.object({
      op: z.string(),
      item_name: z.string().optional(),
      num: z.int().optional(),
      type: z.string().optional(),
    }),
  ),
});

const pgSchema = z.object({
  pgid: z.string().regex(/^\d+\.[\da-f]+$/, 'expected an id such as 2.1f'),
  state: z.string(),
  acting: z.array(z.int()),
  stat_sum: z.object({num_bytes: z.int()}),
});
const pgMapSchema = z.object({stamp: z.string().optional(), pg_stats: z.array(pgSchema)});
const pgDumpSchema = z.object({pg_map: pgMapSchema});
const configSchema = z.array(z.object({section: z.string().optional(), name: z.string(), value: z.string()}));

export type CephNode = z.infer<typeof nodeSchema>;
export type CephPool = z.infer<typeof poolSchema>;
export type CephRule = z.infer<typeof ruleSchema>;
export type CephPg = z.infer<typeof pgSchema>;
export type CephOsdDump = z.infer<typeof osdDumpSchema>;
export type CephSetting = z.infer<typeof configSchema>[number];

interface Read<T> {
  readonly source: string;
  readonly data: T;
}

/** The documents by what they are. */
export interface CephDocuments {
  readonly osdDf: Read<z.infer<typeof osdDfSchema>>;
  readonly osdDump: Read<CephOsdDump>;
  readonly rules: Read<readonly CephRule[]>;
  readonly pgDump: Read<z.infer<typeof pgDumpSchema>>;
  /** Absent: the defaults are taken. */
  readonly config: Read<readonly CephSetting[]> | undefined;
  /** Sources of what is none of these. */
  readonly others: readonly string[];
}

/** The settings that are read, and their defaults in Ceph 16 to 19 (`ceph config help NAME`). */
export const CEPH_DEFAULTS = {
  mon_osd_down_out_subtree_limit: 'rack',
  mon_osd_min_in_ratio: '0.75',
  mon_osd_down_out_interval: '600',
};

/** What makes the documents that must be there; `-f json` is added. */
export const CEPH_COMMANDS = {
  osdDf: ['osd', 'df', 'tree'],
  osdDump: ['osd', 'dump'],
  rules: ['osd', 'crush', 'rule', 'dump'],
  pgDump: ['pg', 'dump'],
} as const;

type Kind = keyof typeof CEPH_COMMANDS | 'config';

const COMMAND_OF_KIND = {...CEPH_COMMANDS, config: ['config', 'show', 'mon.ID']} as const;
const REQUIRED = ['osdDf', 'osdDump', 'rules', 'pgDump'] as const;

/** Tells the documents apart and checks what is read of them. Throws InputError: missing, there twice, or not as expected. */
export function readCephDocuments(documents: readonly JsonDocument[]): CephDocuments {
  const found = new Map<Kind, JsonDocument>();
  const others: string[] = [];
  for (const document of documents) {
    const kind = kindOf(document.value);
    if (kind === undefined) others.push(document.source);
    else {
      const before = found.get(kind);
      if (before !== undefined) throw twice(kind, before, document);
      found.set(kind, document);
    }
  }
  const missing = REQUIRED.filter((kind) => !found.has(kind));
  if (missing.length > 0) throw incomplete(missing);
  const need = <T>(kind: Kind, schema: z.ZodType<T>): Read<T> => {
    const {source = '', value} = found.get(kind) ?? {};
    return {source, data: parseWith(schema, value, source)};
  };
  return {
    osdDf: need('osdDf', osdDfSchema),
    osdDump: need('osdDump', osdDumpSchema),
    rules: need('rules', z.array(ruleSchema)),
    pgDump: need('pgDump', z.preprocess(withPgMap, pgDumpSchema)),
    config: found.has('config') ? need('config', z.preprocess(onlyRead, configSchema)) : undefined,
    others,
  };
}

function kindOf(value: unknown): Kind | undefined {
  if (Array.isArray(value)) {
    const [first] = value as unknown[];
    if (has(first, 'rule_id', 'steps')) return 'rules';
    return has(first, 'name', 'value') ? 'config' : undefined;
  }
  if (has(value, 'nodes', 'summary')) return 'osdDf';
  if (has(value, 'pools', 'osds', 'full_ratio')) return 'osdDump';
  return has(value, 'pg_map') || has(value, 'pg_stats') ? 'pgDump' : undefined;
}

function has(value: unknown, ...keys: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && keys.every((key) => key in value);
}

/** Releases before Nautilus have no pg_map around it, and neither has `ceph pg dump pgs`. */
function withPgMap(value: unknown): unknown {
  return has(value, 'pg_map') ? value : {pg_map: value};
}

/** Other settings are not even looked at: some are passwords. */
function onlyRead(value: unknown): unknown {
  const isRead = (setting: unknown): boolean =>
    Object.keys(CEPH_DEFAULTS).some(
      (name) => has(setting, 'name') && Reflect.get(Object(setting), 'name') === name,
    );
  return Array.isArray(value) ? value.filter(isRead) : value;
}

function twice(kind: Kind, first: JsonDocument, second: JsonDocument): InputError {
  const message = `${second.source} and ${first.source} are both what "ceph ${COMMAND_OF_KIND[kind].join(' ')}" prints`;
  return new InputError('document-twice', message, {hints: ['give the documents of one cluster, each once']});
}

function incomplete(kinds: readonly Kind[]): InputError {
  const commands = kinds.map((kind) => `ceph ${COMMAND_OF_KIND[kind].join(' ')} -f json`);
  const hints = kinds.map(
    (kind, at) => `${commands[at] ?? ''} > dumps/${COMMAND_OF_KIND[kind].join('-')}.json`,
  );
  return new InputError('document-missing', `what these commands print is missing: ${commands.join('; ')}`, {
    hints,
  });
}
