import {spawnSync} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {expect, onTestFinished} from 'vitest';

import type {Plan} from '../../src/lib/allocation/index.js';
import {
  type Actor,
  applyPlan,
  type ApplyResult,
  type BoundaryMode,
  type Inventory,
  type Journal,
  journalPath,
  knowPlan,
  LOCAL_ACCESS,
  openJournal,
  type StorageTarget,
  type TargetAccess,
} from '../../src/lib/storage-apis/index.js';

export const NOW_US = Date.parse('2026-06-01T00:00:00Z') * 1000;

export const ACTOR: Actor = {
  pid: process.pid,
  machine: 'test-machine',
  atUs: NOW_US,
  tool: 'foreshadow/test',
  newLineage: 'lineage-of-the-test',
};

/** No time passes between two tries. */
export const ACCESS: TargetAccess = {...LOCAL_ACCESS, retry: {attempts: 3, firstDelayMs: 0}};

export const FIT = {
  ...{nowUs: NOW_US, allowInfeasible: false, allowUnsafeShrink: false, useToleranceShare: 0.05},
  modes: new Map<string, BoundaryMode>(),
};
export const RULES = {...FIT, actor: ACTOR, parallel: 4, retry: ACCESS.retry};

export type Bytes = readonly (readonly [host: string, bytes: number])[];

/** A plan that takes the hosts from what they hold to what is wanted; the rest is as little as the schema allows. */
export function buildPlan(from: Bytes, to: Bytes, overrides: Partial<Plan> = {}): Plan {
  const held = new Map(from);
  return {
    kind: 'foreshadow.plan',
    version: 1,
    tool: 'foreshadow/test',
    createdAt: '2026-05-31T00:00:00Z',
    expiresAt: '2026-06-02T00:00:00Z',
    inputs: [],
    topologySerial: 'serial-of-the-topology',
    policy: 'shared',
    settings: {level: 0.99, safetyFactor: 1, staticShare: 0.2, horizonSeconds: 86_400},
    feasible: true,
    boundaries: [],
    hosts: to.map(([host, reserveBytes]) => ({
      host,
      capacityBytes: 1e12,
      predictedUsedBytes: 0,
      roomBytes: 1e12,
      currentReserveBytes: held.get(host) ?? 0,
      reserveBytes,
      reason: 'wanted by the test',
    })),
    changes: to.flatMap(([host, toBytes]) => {
      const fromBytes = held.get(host) ?? 0;
      const action = toBytes > fromBytes ? ('allocate' as const) : ('deallocate' as const);
      return toBytes === fromBytes ? [] : [{host, action, fromBytes, toBytes, reason: 'wanted by the test'}];
    }),
    uncovered: [],
    ...overrides,
  };
}

export function basisOf({target, lineage, serial}: Inventory): NonNullable<Plan['basis']> {
  return {target, lineage, serial};
}

/** A folder that is gone when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-test-'));
  onTestFinished(async () => rm(folder, {recursive: true, force: true}));
  return folder;
}

/** Applies as the command does, but for the lock; `tamper` may wrap target and journal. */
export async function apply(
  plan: Plan,
  target: StorageTarget,
  tamper: (target: StorageTarget, journal: Journal) => [StorageTarget, Journal] = (...both) => both,
): Promise<ApplyResult> {
  const known = knowPlan(plan, 'plan.json');
  const journal = await openJournal(journalPath(target.journalFolder, known.sha256));
  return applyPlan(known, ...tamper(target, journal), RULES);
}

/** The process id of a process that has ended. */
export function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

/** Matchers with a type that strict lint accepts. */
export const containing = (text: string): unknown => expect.stringContaining(text);
export const containingFields = (fields: object): unknown => expect.objectContaining(fields);
