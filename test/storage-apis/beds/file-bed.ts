import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {z} from 'zod';

import {openTarget} from '../../../src/lib/storage-apis/index.js';
import {ACCESS, buildPlan, type Bytes, temporaryFolder} from '../builders.js';
import type {Bed} from './bed.js';

const FIRST: Bytes = [
  ['h1', 10],
  ['__proto__', 20],
  ['../h', 0],
];
const SECOND: Bytes = [
  ['h1', 30],
  ['__proto__', 5],
  ['../h', 0],
];
const ledgerShape = z.looseObject({
  serial: z.number(),
  buffers: z.array(z.object({host: z.string(), bytes: z.number()})),
});

/** A ledger in a folder of its own. */
export async function fileBed(): Promise<Bed> {
  const place = path.join(await temporaryFolder(), 'deep', 'buffers.json');
  const target = openTarget(`file:${place}`, ACCESS);
  let changes = 0;
  return {
    target: {
      ...target,
      set: async (change) => {
        changes += 1;
        return target.set(change);
      },
    },
    plans: [buildPlan([], FIRST), buildPlan(FIRST, SECOND)],
    changesAsked: () => changes,
    meddle: async (setting) => {
      const ledger = ledgerShape.parse(JSON.parse(await readFile(place, 'utf8')));
      const buffers = ledger.buffers.map(({host, bytes}) => ({
        host,
        bytes: bytes + (host === setting ? 1 : 0),
      }));
      await writeFile(place, JSON.stringify({...ledger, serial: ledger.serial + 1, buffers}));
    },
  };
}
