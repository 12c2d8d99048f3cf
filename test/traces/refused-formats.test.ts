import {describe, expect, it} from 'vitest';

import {InputError} from '../../src/lib/core/index.js';
import {REFUSED_FORMATS} from '../../src/lib/traces/refused-formats.js';
import {ingest} from './support.js';

/** Two accesses to one object, and one to another, that is not accessed again. */
function oracleGeneral(): Uint8Array {
  const bytes = new Uint8Array(3 * 24);
  const view = new DataView(bytes.buffer);
  [2n, -1n, -1n].forEach((next, record) => {
    view.setUint32(24 * record, 5_633_898, true);
    view.setBigUint64(24 * record + 4, record < 2 ? 42_932_745n : 42_932_746n, true);
    view.setUint32(24 * record + 12, 512, true);
    view.setBigInt64(24 * record + 16, next, true);
  });
  return bytes;
}

const BEGINNINGS: Readonly<Record<string, string | Uint8Array>> = {
  'qemu-nbd':
    'nbd_negotiate_begin Beginning negotiation\n' +
    'nbd_receive_request Got request: { magic = 0x25609513, .flags = 0x0, .type = 0x1, from = 0, len = 4096 }\n',
  'biosnoop-bt':
    'Attaching 4 probes...\n' +
    'TIME(ms)     DISK       COMM             PID        LAT(ms)\n' +
    '611          nvme0n1    bash             4179            10\n',
  'iosnoop-latency': 'TIMEus DELTAus\n9339835017 15133\n',
  'address-list': '42932745\n42932746\n0x28f1a0\n',
  'oracle-general': oracleGeneral(),
};

describe.each(Object.keys(REFUSED_FORMATS))('%s', (name) => {
  const refusal = {
    code: 'refused-format',
    exitCode: 3,
    message: expect.stringContaining(REFUSED_FORMATS[name]!.reason) as string,
    hints: [REFUSED_FORMATS[name]!.instead],
  };

  it('is recognised and refused with the reason', async () => {
    const error: unknown = await ingest(BEGINNINGS[name]!).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject(refusal);
  });

  it('is refused with the reason when --format names it', async () => {
    await expect(ingest('anything\n', {options: {format: name}})).rejects.toMatchObject(refusal);
  });
});
