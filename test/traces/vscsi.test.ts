import {describe, expect, it} from 'vitest';

import {BEGIN_US, createMemorySink, ingest, minutesOf} from './support.js';

/** Records of version 1: writes of `len` at the given blocks, a second apart. */
function records(len: number, blocks: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(32 * blocks.length);
  const view = new DataView(bytes.buffer);
  blocks.forEach((lbn, record) => {
    const at = 32 * record;
    view.setUint32(at + 4, len, true);
    view.setUint16(at + 12, 0x2a, true);
    view.setUint16(at + 14, 0x0100, true);
    view.setBigUint64(at + 16, BigInt(lbn), true);
    view.setBigUint64(at + 24, BigInt(1_000_000 * record), true);
  });
  return bytes;
}

const options = {format: 'vscsi', volume: 'w', startUs: BEGIN_US};

async function writtenBytes(content: Uint8Array, readings = {}): Promise<number | undefined> {
  const store = createMemorySink();
  await ingest(content, {store, options: {...options, readings}});
  const [batch] = store.batches;
  return batch && minutesOf(batch.rows)[0]?.writeBytes;
}

describe('the length of a vscsi record', () => {
  it('is bytes where runs go on after so many bytes, and sectors where they go on after so many sectors', async () => {
    expect(await writtenBytes(records(1024, [0, 2, 4]))).toBe(3 * 1024);
    expect(await writtenBytes(records(1024, [0, 1024, 2048]))).toBe(3 * 1024 * 512);
  });

  it('is sectors when it is no multiple of 512', async () => {
    expect(await writtenBytes(records(8, [0, 100, 7]))).toBe(3 * 8 * 512);
  });

  it('is refused when nothing tells, with both readings and what to type', async () => {
    const attempt = ingest(records(1024, [0, 100, 7]), {options});
    await expect(attempt).rejects.toMatchObject({
      exitCode: 3,
      code: 'ambiguous-length',
      hints: ['--length-unit bytes or --length-unit sectors says which'],
    });
    await expect(attempt).rejects.toThrow(/may be bytes or sectors/);
  });

  it('is what --length-unit says, which makes it another input', async () => {
    const content = records(1024, [0, 100, 7]);
    expect(await writtenBytes(content, {lengthUnit: 'bytes'})).toBe(3 * 1024);
    expect(await writtenBytes(content, {lengthUnit: 'sectors'})).toBe(3 * 1024 * 512);
    const store = createMemorySink();
    for (const lengthUnit of ['bytes', 'sectors'] as const) {
      await ingest(content, {store, options: {...options, readings: {lengthUnit}}});
    }
    expect(store.batches).toHaveLength(2);
  });
});

it('--length-unit is refused for a format that leaves no doubt', async () => {
  const content = 'volume,time_us,op,offset,length\na,1795392000000000,write,0,4096\n';
  await expect(ingest(content, {options: {readings: {lengthUnit: 'bytes'}}})).rejects.toMatchObject({
    exitCode: 2,
    code: 'unused-option',
  });
});

it('rejects are told by record, and so is where a clock jumped', async () => {
  const content = records(8, [0, 8, 16, 24, 32]);
  new DataView(content.buffer).setBigUint64(32 * 3 + 24, 10_000_000_000n, true);
  const store = createMemorySink();
  const {rejects} = await ingest(content, {store, options, maxBadRows: 1});
  expect(rejects).toMatchObject([{source: '-', line: 4, unit: 'record'}]);
  expect(rejects[0]?.reason).toContain('away from record 5');
  await expect(ingest(content, {options})).rejects.toThrow(/^-, record 4: clock jumped/);
});
