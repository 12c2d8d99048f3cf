import {describe, expect, it} from 'vitest';

import type {InputOptions} from '../../src/lib/traces/index.js';
import {ingestStream, type StreamRequest} from '../../src/lib/workflows/ingest-stream.js';
import {BEGIN_US, createMemorySink, ingest, type MemorySink, minutesOf, streamOf} from './support.js';

const SECOND_US = 1_000_000;

/** A row a second, volumes in turn, each writing its blocks twice. */
function logOf(from: number, to: number): string {
  const rows = Array.from({length: to - from}, (_, index) => {
    const row = from + index;
    return `v${row % 3},W,${(row % 50) * 4096},8192,${BEGIN_US + row * SECOND_US}\n`;
  });
  return rows.join('');
}

/** Text comes piece by piece, and `tick` asks for a commit between two pieces. */
async function stream(
  pieces: readonly string[],
  request: Partial<Omit<StreamRequest, 'options'>> & {readonly options?: Partial<InputOptions>} = {},
): ReturnType<typeof ingestStream> {
  let ask = (): void => undefined;
  let isAsked = false;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const piece of pieces) {
      if (piece === 'tick') {
        isAsked = true;
        ask();
      } else yield new TextEncoder().encode(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return ingestStream({
    input: {kind: 'stream', name: '-', stream: chunks()},
    maxBadRows: 0,
    store: createMemorySink(),
    hurry: Promise.resolve(),
    ticks: {
      next: async () => {
        if (!isAsked) await new Promise<void>((resolve) => (ask = resolve));
        isAsked = false;
        return {done: false, value: undefined};
      },
    },
    ...request,
    options: {skewUs: 60 * SECOND_US, ...request.options},
  });
}

/** What a reader of the store sees: minutes of all batches added up. */
function contentOf({batches}: MemorySink): ReadonlyMap<string, readonly number[]> {
  const sums = new Map<string, number[]>();
  for (const minute of batches.flatMap(({rows}) => minutesOf(rows))) {
    const key = `${minute.volume} ${minute.startUs}`;
    const values = [minute.writes, minute.writeBytes, minute.growthBytes];
    sums.set(
      key,
      values.map((value, place) => value + (sums.get(key)?.[place] ?? 0)),
    );
  }
  return new Map([...sums].sort(([left], [right]) => (left < right ? -1 : 1)));
}

async function wholeOf(text: string): Promise<ReturnType<typeof contentOf>> {
  const store = createMemorySink();
  await ingest(text, {store});
  return contentOf(store);
}

describe('a stream', () => {
  it('is committed whenever a tick asks for it, and adds up to what the whole would have been', async () => {
    const store = createMemorySink();
    const result = await stream([logOf(0, 90), 'tick', logOf(90, 100), 'tick', logOf(100, 300)], {store});
    expect(store.batches.map(({inputs}) => inputs[0]?.rows)).toEqual([90, 10, 200]);
    expect(result).toMatchObject({totals: {rows: 300, volumes: 3}, skipped: []});
    expect(result.batchIds).toHaveLength(3);
    expect(contentOf(store)).toEqual(await wholeOf(logOf(0, 300)));
  });

  it('is cut behind whole lines only, wherever its pieces end', async () => {
    const text = logOf(0, 60);
    const store = createMemorySink();
    await stream([text.slice(0, 1003), 'tick', text.slice(1003, 1010), 'tick', text.slice(1010)], {store});
    expect(store.batches.map(({inputs}) => inputs[0]?.mark?.bytes)).toEqual([
      text.lastIndexOf('\n', 1003) + 1,
      text.length,
    ]);
    expect(contentOf(store)).toEqual(await wholeOf(text));
  });

  it('makes no batch of a tick without rows', async () => {
    const store = createMemorySink();
    await stream(['tick', logOf(0, 10), 'tick', 'tick', 'tick'], {store});
    expect(store.batches).toHaveLength(1);
  });

  it('keeps rows of which the time is not believed yet for the batch in which it is', async () => {
    const ahead = `v0,W,0,4096,${BEGIN_US + 9000 * SECOND_US}\n`;
    const store = createMemorySink();
    await stream([logOf(0, 30), ahead, 'tick', logOf(30, 60)], {store, maxBadRows: 1});
    expect(store.batches.map(({inputs}) => inputs[0]?.rows)).toEqual([30, 30]);
    expect(store.batches.map(({rejects}) => rejects.map(({line}) => line))).toEqual([[], [31]]);
  });

  it('ends behind its last whole line when it is stopped, and goes on from there when it is given again', async () => {
    const text = logOf(0, 60);
    const store = createMemorySink();
    const stop = new AbortController();
    const pieces = [text.slice(0, 1003), 'tick', 'tick'];
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode(pieces[0]);
      stop.abort();
      await new Promise(() => undefined);
    }
    const input = {kind: 'stream', name: '-', stream: chunks()} as const;
    const stopped = await stream([], {input, stop: stop.signal, store});
    expect(stopped.inputs[0]?.remarks.join()).toMatch(/stopped within a line/);
    await stream([text], {store});
    expect(contentOf(store)).toEqual(await wholeOf(text));
  });

  it('stops with the bad rows when there are too many, and tells what stays', async () => {
    const store = createMemorySink();
    const pieces = [logOf(0, 50), 'tick', 'nonsense\n', logOf(50, 60)];
    await expect(stream(pieces, {store})).rejects.toThrow(
      /^-:51: .*; 1 batches with rows up to 2026-11-23T00:00:49Z were committed before and stay$/,
    );
    expect(store.batches).toHaveLength(1);
  });
});

describe('a stream that the store has already', () => {
  it('is not counted again, and holds its commits back until what comes is new', async () => {
    const store = createMemorySink();
    await stream([logOf(0, 100), 'tick', logOf(100, 200)], {store});
    const again = await stream([logOf(0, 150), 'tick', logOf(150, 250), 'tick', logOf(250, 300)], {store});
    expect(again).toMatchObject({totals: {rows: 100}, skipped: [{batchId: 'batch-2', isPart: true}]});
    expect(contentOf(store)).toEqual(await wholeOf(logOf(0, 300)));
  });

  it('is told to be there when nothing is new, as a stream, as a file and the other way round', async () => {
    const store = createMemorySink();
    await ingest(logOf(0, 100), {store});
    expect(await stream([logOf(0, 100)], {store})).toMatchObject({
      batchIds: [],
      inputs: [],
      skipped: [{name: '-', batchId: 'batch-1', isPart: false}],
    });
    await stream([logOf(0, 100), logOf(100, 120)], {store});
    expect(await ingest(logOf(0, 120), {store})).toMatchObject({
      batchIds: [],
      skipped: [{batchId: 'batch-2'}],
    });
    expect(contentOf(store)).toEqual(await wholeOf(logOf(0, 120)));
  });

  it('counts rows that were held back at the last commit before a kill', async () => {
    const ahead = (row: number): string => `v0,W,0,4096,${BEGIN_US + (9000 + row) * SECOND_US}\n`;
    const text = logOf(0, 30) + ahead(0) + ahead(1) + ahead(2) + ahead(3);
    const store = createMemorySink();
    await expect(
      stream([logOf(0, 30) + ahead(0) + ahead(1), 'tick', 'cut off here'], {store}),
    ).rejects.toThrow();
    await stream([text], {store});
    expect(contentOf(store)).toEqual(await wholeOf(text));
  });

  it('is refused when it ends within what is there, because what is new in it cannot be told', async () => {
    const store = createMemorySink();
    await stream([logOf(0, 400), 'tick', logOf(400, 500)], {store});
    await expect(stream([logOf(0, 450)], {store})).rejects.toThrow(
      /ends at byte .* what is new in it cannot be told/,
    );
    expect(store.batches).toHaveLength(2);
  });

  it('is another one when it only begins alike', async () => {
    const store = createMemorySink();
    await stream([logOf(0, 400)], {store});
    const other = logOf(0, 300) + logOf(600, 900);
    expect(await stream([other, 'tick', logOf(900, 910)], {store})).toMatchObject({
      totals: {rows: 610},
      skipped: [],
    });
  });

  it('is refused when it goes on in a line that the store has a part of', async () => {
    const store = createMemorySink();
    const text = logOf(0, 30);
    await ingest(text.slice(0, -1), {store});
    await expect(stream([text], {store})).rejects.toThrow(/end within line 30/);
    expect(await stream([text.slice(0, -1)], {store})).toMatchObject({batchIds: []});
  });
});

describe('a slow stream', () => {
  it('has its format told from one whole line once the hurry is over', async () => {
    let end = (): void => undefined;
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode(logOf(0, 20));
      await new Promise<void>((resolve) => (end = resolve));
    }
    const store = createMemorySink();
    const input = {kind: 'stream', name: '-', stream: slow()} as const;
    const done = stream([], {
      input,
      store,
      ticks: {
        next: () =>
          store.batches.length > 0 ? new Promise(() => undefined) : later({done: false, value: 0}),
      },
    });
    while (store.batches.length === 0) await later(undefined);
    end();
    expect(await done).toMatchObject({totals: {rows: 20}});
  });
});

function later<T>(value: T): Promise<T> {
  return new Promise((resolve) => {
    setImmediate(() => {
      resolve(value);
    });
  });
}

it('reads the same in one piece and in many', async () => {
  const store = createMemorySink();
  const bytes = new TextEncoder().encode(logOf(0, 500));
  const input = {kind: 'stream', name: '-', stream: streamOf(bytes, 37)} as const;
  await stream([], {input, store});
  expect(contentOf(store)).toEqual(await wholeOf(logOf(0, 500)));
});

it('is known again whatever pieces it came in, and comes in again', async () => {
  const text = logOf(0, 400);
  for (const size of [97, 1000, 5000]) {
    const store = createMemorySink();
    const pieces = text
      .match(new RegExp(`[^]{1,${size}}`, 'g'))!
      .flatMap((piece) => [piece, 'tick'] as const);
    await stream(pieces, {store});
    expect(store.batches.length).toBeGreaterThan(2);
    expect(await stream([text], {store})).toMatchObject({batchIds: []});
    expect(contentOf(store)).toEqual(await wholeOf(text));
  }
});
