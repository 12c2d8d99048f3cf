import {randomBytes} from 'node:crypto';
import path from 'node:path';

import type {Plan} from '../../../src/lib/allocation/index.js';
import {openTarget, sealSecret, type TargetAccess} from '../../../src/lib/storage-apis/index.js';
import {ACCESS, buildPlan, type Bytes, temporaryFolder} from '../builders.js';
import {cinderStandIn, type StandInType} from './cinder-stand-in.js';
import {startFaultyNetwork} from './faulty-network.js';
import type {ServedBed} from './served-bed.js';

const FIRST: Bytes = [
  ['h1', 2e10],
  ['h2', 3e10],
];
const SECOND: Bytes = [
  ['h1', 9e10],
  ['h2', 1e10],
];

/** A plan whose hosts are racks of their own: h1 is rack/r1. */
export function rackPlan(from: Bytes, to: Bytes, overrides: Partial<Plan> = {}): Plan {
  const boundaries = to.map(([host]) => ({
    ...{scenario: `rack/r${host.slice(1)}`, hosts: [host], demandBytes: 0, requiredBytes: 0},
    ...{heldBytes: 0, stuckBytes: 0, reason: 'a rack of the test'},
  }));
  return buildPlan(from, to, {boundaries, ...overrides});
}

/** Opens a stand-in with these types as a target, with the right token. */
export async function openCinder(types: readonly StandInType[]) {
  const {place, changes} = await cinderStandIn(types);
  const access = {...ACCESS, credentials: {token: sealSecret('good')}, stateFolder: await temporaryFolder()};
  return {target: openTarget(`cinder:${place}`, access), place, changes, access};
}

/** Two racks with a type each behind a stand-in, one without a limit and one with, and a type of neither. */
export async function cinderBed(): Promise<ServedBed> {
  const types: StandInType[] = [
    {name: '__DEFAULT__', limit: -1},
    {name: 'r1', limit: -1},
    {name: 'fast disks', zones: 'rack/r2', limit: 100, inUse: 30, reserved: 1},
  ];
  // What a header takes: no other letters than these.
  const token = `gAAAA-${randomBytes(9).toString('base64url')}`;
  const {place, changes, moves} = await cinderStandIn(types, {token});
  const {origin, pathname} = new URL(place);
  const network = await startFaultyNetwork(origin);
  const stateFolder = path.join(await temporaryFolder(), 'state');
  const credentials = {token: sealSecret(token)};
  const access: TargetAccess = {...ACCESS, timeoutMs: 10_000, credentials, stateFolder};
  const name = `cinder:${network.url}${pathname}`;
  return {
    ...{network, access, target: openTarget(name, access), secrets: [token]},
    open: (other) => openTarget(name, {...access, ...other}),
    plans: [rackPlan([], FIRST), rackPlan(FIRST, SECOND)],
    changesAsked: () => changes.length,
    changesMade: moves,
    meddle: async (setting) => {
      const type = types.find(({name: known}) => known === setting);
      if (type !== undefined) type.limit += 1;
      return Promise.resolve();
    },
  };
}
