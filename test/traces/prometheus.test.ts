import {describe, expect, it} from 'vitest';

import {createMemorySink, ingest, minutesOf} from './support.js';

const AT = 1_790_000_000;

function answerOf(data: unknown): string {
  return JSON.stringify({status: 'success', data});
}

describe('an answer of Prometheus', () => {
  it('to an instant query is read as well', async () => {
    const store = createMemorySink();
    const metric = {__name__: 'ceph_pool_stored', pool_id: '3', name: 'rbd'};
    await ingest(answerOf({resultType: 'vector', result: [{metric, value: [AT, '9007199254740991']}]}), {
      store,
    });
    expect(minutesOf(store.batches[0]!.rows)).toMatchObject([
      {volume: 'rbd', usedBytes: 9_007_199_254_740_991, usedAtUs: AT * 1e6},
    ]);
  });

  it.each([
    ['of another type', answerOf({resultType: 'scalar', result: [AT, '1']}), 'not-an-answer', /resultType/],
    ['that was cut', answerOf({resultType: 'matrix', result: []}).slice(0, -2), 'not-an-answer', /JSON/],
    ['that is an error', '{"status":"error","error":"query timed out"}', 'query-failed', /query timed out/],
    [
      'whose series lack values',
      answerOf({resultType: 'matrix', result: [{metric: {}}]}),
      'not-an-answer',
      /data\.result\.0\.values/,
    ],
  ])('%s is refused', async (_, content, code, message) => {
    const attempt = ingest(content);
    await expect(attempt).rejects.toMatchObject({exitCode: 3, code});
    await expect(attempt).rejects.toThrow(message);
  });

  it('tells a bad sample by its place, as many as are allowed', async () => {
    const metric = {__name__: 'ceph_pool_stored', pool_id: '3'};
    const values = [
      [AT, '1'],
      [AT + 60, 'one'],
    ];
    const content = answerOf({resultType: 'matrix', result: [{metric, values}]});
    const {rejects} = await ingest(content, {maxBadRows: 1});
    expect(rejects).toMatchObject([{source: '-', line: 2, unit: 'sample'}]);
    await expect(ingest(content)).rejects.toThrow(/^-, sample 2: the value is no number of bytes/);
  });
});

it('the text of one scrape has no times, and is refused with what to ask for instead', async () => {
  const scrape = 'ceph_pool_stored{pool_id="1"} 100\nceph_pool_stored{pool_id="2"} 100\n';
  const attempt = ingest(scrape);
  await expect(attempt).rejects.toMatchObject({exitCode: 3, code: 'no-times'});
  await expect(attempt).rejects.toMatchObject({
    hints: [expect.stringContaining('query_range'), expect.anything()],
  });
});
