import {randomBytes} from 'node:crypto';
import path from 'node:path';

import {openTarget, sealSecret, type TargetAccess} from '../../../src/lib/storage-apis/index.js';
import {ACCESS, buildPlan, type Bytes, temporaryFolder} from '../builders.js';
import {startFaultyNetwork} from './faulty-network.js';
import {type FakeDisk, type FakeKubernetes, type FakeNode, startFakeKubernetes} from './longhorn-fake.js';
import type {ServedBed} from './served-bed.js';

/** Half used, with something reserved before we came. */
export const disk = (storageReserved: number, storageMaximum = 1e12): FakeDisk => ({
  ...{storageReserved, storageMaximum, storageAvailable: storageMaximum / 2},
  ...{allowScheduling: true, schedulable: true},
});
export const node = (disks: Record<string, FakeDisk>): FakeNode => ({
  ...{version: 1, allowScheduling: true, ready: true, annotations: {}, disks},
});

const FIRST: Bytes = [
  ['n1/a', 10],
  ['n2', 40],
];
const SECOND: Bytes = [
  ['n1/a', 30],
  ['n2', 20],
];

/** A fake of Longhorn on the Kubernetes API; one host is named as a disk, one as a node of two disks. */
export async function longhornBed(): Promise<ServedBed & {readonly fake: FakeKubernetes}> {
  const token = `tok/+=%&${randomBytes(9).toString('hex')}`;
  const fake = await startFakeKubernetes(token, [
    ['n1', node({a: disk(100, 1e12)})],
    ['n2', node({'disk.b': disk(7, 5e11), 'disk c': disk(0, 5e11)})],
  ]);
  const network = await startFaultyNetwork(fake.url);
  const access: TargetAccess = {
    ...ACCESS,
    timeoutMs: 10_000,
    credentials: {token: sealSecret(token)},
    stateFolder: path.join(await temporaryFolder(), 'state'),
  };
  const name = `longhorn:${network.url}`;
  return {
    ...{fake, network, access, secrets: [token]},
    target: openTarget(name, access),
    open: (other) => openTarget(name, {...access, ...other}),
    plans: [planOf([], FIRST), planOf(FIRST, SECOND)],
    changesAsked: () => fake.patches,
    changesMade: () => fake.moves,
    meddle: async (setting) => {
      const [on = '', key = ''] = setting.split('/');
      const found = fake.nodes.get(on);
      const there = found?.disks[key];
      if (found !== undefined && there !== undefined) {
        there.storageReserved += 1;
        found.version += 1;
      }
      return Promise.resolve();
    },
  };
}

function planOf(from: Bytes, to: Bytes): ReturnType<typeof buildPlan> {
  const plan = buildPlan(from, to);
  return {...plan, hosts: plan.hosts.map((host) => ({...host, predictedUsedBytes: 6e11}))};
}
