import {randomBytes} from 'node:crypto';
import path from 'node:path';

import {openTarget, sealSecret, type TargetAccess} from '../../../src/lib/storage-apis/index.js';
import {ACCESS, buildPlan, type Bytes, temporaryFolder} from '../builders.js';
import {readContract} from './contract.js';
import {startFaultyNetwork} from './faulty-network.js';
import {type FakeOrchestrator, startFakeOrchestrator} from './http-fake.js';
import type {ServedBed} from './served-bed.js';

const BOUNDARIES = [
  ['host/h1', ['h1']],
  ['host/../x?', ['../x?']],
  ['rack/r 1', ['h1', '../x?']],
  ['rack/r2', ['h3', 'h4']],
] as const;
const FIRST: Bytes = [
  ['h1', 10],
  ['../x?', 20],
  ['h3', 0],
  ['h4', 0],
];
const SECOND: Bytes = [
  ['h1', 30],
  ['../x?', 5],
  ['h3', 0],
  ['h4', 0],
];
const PASSWORD_START = 'pä"ss w/ord';

/** A fake of an orchestrator that keeps our contract, with the credentials of a user. */
export async function httpBed(): Promise<ServedBed & {readonly fake: FakeOrchestrator}> {
  const password = `${PASSWORD_START}${randomBytes(6).toString('hex')}`;
  const pair = `planner:${password}`;
  const expected = `Basic ${Buffer.from(pair).toString('base64')}`;
  const fake = await startFakeOrchestrator(await readContract(), BOUNDARIES, (said) => said === expected);
  const network = await startFaultyNetwork(fake.url);
  const access: TargetAccess = {
    ...ACCESS,
    timeoutMs: 10_000,
    credentials: {user: 'planner', password: sealSecret(password)},
    stateFolder: path.join(await temporaryFolder(), 'state'),
  };
  const name = `http:${network.url}/`;
  return {
    ...{fake, network, access, secrets: [password, pair]},
    target: openTarget(name, access),
    open: (other) => openTarget(name, {...access, ...other}),
    plans: [buildPlan([], FIRST), buildPlan(FIRST, SECOND)],
    changesAsked: () => fake.puts,
    changesMade: () => fake.moves,
    meddle: async (setting) => {
      const boundary = fake.boundaries.get(setting);
      if (boundary !== undefined)
        Object.assign(boundary, {bytes: boundary.bytes + 1, version: boundary.version + 1});
      return Promise.resolve();
    },
  };
}
