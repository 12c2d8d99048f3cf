import {openGlusterfs} from '../../../src/lib/storage-apis/targets/glusterfs.js';
import {ACCESS, buildPlan, type Bytes, temporaryFolder} from '../builders.js';
import type {Bed} from './bed.js';
import {glusterStandIn, type StandInBrick} from './gluster-stand-in.js';

const FIRST: Bytes = [
  ['h1', 2e10],
  ['h2', 3e10],
  ['h3', 0],
  ['h4', 5e9],
];
const SECOND: Bytes = [
  ['h1', 1e10],
  ['h2', 1e10],
  ['h3', 7e9],
  ['h4', 5e9],
];

/** A brick of the size that plans of the tests give to every host, with nothing on it. */
export function emptyBrick(host: string, path = '/b1', more: Partial<StandInBrick> = {}): StandInBrick {
  return {host, path, device: '/dev/vdb', sizeBytes: 1e12, freeBytes: 1e12, isOnline: true, ...more};
}

/** Two mirrored volumes behind a stand-in for the CLI, one with the default of one percent, one with a percentage. */
export async function glusterfsBed(): Promise<Bed> {
  const {run, changes, volumes} = glusterStandIn({
    vol0: {id: 'id-0', replicas: 2, bricks: [emptyBrick('h1'), emptyBrick('h2')]},
    vol1: {id: 'id-1', replicas: 2, reserve: '2.5%', bricks: [emptyBrick('h3'), emptyBrick('h4')]},
  });
  const access = {...ACCESS, stateFolder: await temporaryFolder()};
  return {
    target: openGlusterfs('vol0,vol1', access, run),
    plans: [buildPlan([], FIRST), buildPlan(FIRST, SECOND)],
    changesAsked: () => changes.length,
    meddle: async (setting) => {
      const volume = volumes[setting]!;
      volume.reserve = String(Number(volume.reserve) + 1);
      return Promise.resolve();
    },
  };
}
