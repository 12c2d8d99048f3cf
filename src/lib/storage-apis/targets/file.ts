import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';

import type {Plan} from '../../allocation/index.js';
import {
  acquireLock,
  type ArtifactHeader,
  errorText,
  formatInstantUs,
  InputError,
  parseArtifact,
  StaleError,
  writeFileAtomically,
} from '../../core/index.js';
import {syncFolder} from '../sync-folder.js';
import {
  type Inventory,
  isSameVersion,
  type SettingChange,
  type StorageTarget,
  type TargetVersion,
  type WantedSetting,
} from '../target.js';

/*
 * A ledger of buffers in one JSON file, for orchestrators that read it and as the embedded default:
 *   {kind: "foreshadow.ledger", version: 1, tool, createdAt, lineage, serial,
 *    buffers: [{host, bytes}] by host name, lastPlan: {sha256, at}}
 * Beside it while a plan is applied: PATH.lock; and for ever: PATH.journals/PLANHASH.jsonl.
 */
const ledgerSchema = z.object({
  kind: z.literal('foreshadow.ledger'),
  version: z.literal(1),
  tool: z.string(),
  createdAt: z.string(),
  lineage: z.string().min(1),
  serial: z.number().int().nonnegative(),
  buffers: z
    .array(z.object({host: z.string(), bytes: z.number().int().nonnegative()}))
    .superRefine((buffers, context) => {
      const seen = new Set<string>();
      for (const [index, {host}] of buffers.entries()) {
        if (seen.has(host))
          context.addIssue({code: 'custom', path: [index, 'host'], message: 'host is listed twice'});
        seen.add(host);
      }
    }),
  lastPlan: z.object({sha256: z.string(), at: z.string()}).optional(),
});
const LEDGER_KIND = {kind: 'foreshadow.ledger', version: 1, schema: ledgerSchema} as const;
type Ledger = z.infer<typeof ledgerSchema> & ArtifactHeader;

/**
 * A ledger file as a target. One that does not exist holds no buffers and is made by the first change. Reading a
 * damaged one throws InputError that names file and field; it is never overwritten.
 */
export const fileTarget = {
  summary: 'a JSON ledger on disk',
  example: 'file:buffers.json',
  open: (place: string): StorageTarget => ({
    ...{name: `file:${place}`, holds: 'reserve', counts: true, blocksRepair: false},
    cannotExpress: [],
    journalFolder: `${place}.journals`,
    readInventory: async () => inventoryOf(place, await readLedger(place)),
    express: async (plan) => Promise.resolve({wanted: wantedBy(plan), losses: []}),
    lock: async (owner) => acquireLock(`${place}.lock`, owner),
    set: async (change) => setReserve(place, change),
    read: async (host) => heldIn(await readLedger(place)).get(host) ?? 0,
  }),
};

function inventoryOf(place: string, ledger: Ledger | undefined): Inventory {
  const held = heldIn(ledger);
  return {
    target: `file:${place}`,
    lineage: ledger?.lineage ?? '',
    serial: ledger?.serial ?? 0,
    settings: held,
    reserveBytes: held,
    lastPlanSha256: ledger?.lastPlan?.sha256,
  };
}

function heldIn(ledger: Ledger | undefined): ReadonlyMap<string, number> {
  return new Map(ledger?.buffers.map(({host, bytes}) => [host, bytes]));
}

/** The plan's hosts are the ledger's: each holds what the plan says, and starts from what the plan starts from. */
function wantedBy({hosts, changes}: Plan): WantedSetting[] {
  const unchanged = hosts.map(({host, currentReserveBytes, reason}) => ({
    ...{setting: host, hosts: [host], bytes: currentReserveBytes, expectedBytes: currentReserveBytes},
    reason,
  }));
  const changed = changes.map(({host, fromBytes, toBytes, reason}) => ({
    ...{setting: host, hosts: [host], bytes: toBytes, expectedBytes: fromBytes},
    reason,
  }));
  return [...new Map([...unchanged, ...changed].map((one) => [one.setting, one])).values()];
}

async function readLedger(place: string): Promise<Ledger | undefined> {
  let text: string;
  try {
    text = await readFile(place, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new InputError('cannot-read', `cannot read ledger ${place}: ${errorText(error)}`, {cause: error});
  }
  return parseArtifact(text, place, LEDGER_KIND);
}

async function setReserve(place: string, change: SettingChange): Promise<TargetVersion> {
  const ledger = await readLedger(place);
  const before = inventoryOf(place, ledger);
  if (!isSameVersion(before, change.expected)) {
    throw new StaleError(
      'target-moved',
      `${before.target} is at serial ${before.serial}, not at ${change.expected.serial}: somebody changed it meanwhile`,
    );
  }
  const after: Ledger = {
    ...LEDGER_KIND_HEADER,
    tool: change.actor.tool,
    createdAt: ledger?.createdAt ?? formatInstantUs(change.actor.atUs),
    lineage: ledger?.lineage ?? change.actor.newLineage,
    serial: before.serial + 1,
    buffers: buffersWith(heldIn(ledger), change),
    lastPlan: {sha256: change.planSha256, at: formatInstantUs(change.actor.atUs)},
  };
  await writeFileAtomically(place, `${JSON.stringify(after, undefined, 2)}\n`);
  await syncFolder(path.dirname(place));
  return {lineage: after.lineage, serial: after.serial};
}

const LEDGER_KIND_HEADER = {kind: LEDGER_KIND.kind, version: LEDGER_KIND.version};

function buffersWith(held: ReadonlyMap<string, number>, change: SettingChange): Ledger['buffers'] {
  return [...new Map(held).set(change.setting, change.toBytes ?? 0)]
    .map(([host, bytes]) => ({host, bytes}))
    .sort((left, right) => (left.host < right.host ? -1 : 1));
}
