import {readFile} from 'node:fs/promises';
import {createServer} from 'node:https';
import type {AddressInfo} from 'node:net';

import {expect, onTestFinished, test} from 'vitest';

import {httpClient, parseBaseUrl} from '../../src/lib/storage-apis/http/http-client.js';
import {openTarget, sealSecret} from '../../src/lib/storage-apis/index.js';
import {serve, type SeenRequest} from './beds/serve.js';
import {ACCESS, containing} from './builders.js';

const fixture = async (name: string): Promise<string> =>
  readFile(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

/** A server with a certificate that nobody vouches for; the key is for tests only. */
async function serveEncrypted(): Promise<string> {
  const [cert, key] = [await fixture('test-only-certificate.pem'), await fixture('test-only-key.pem')];
  const server = createServer({cert, key}, (_, response) =>
    response.end('{"clusterId":"c","boundaries":[]}'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a certificate that nobody vouches for is refused, unless it is given as one to trust', async () => {
  const place = await serveEncrypted();
  await expect(openTarget(`http:${place}`, ACCESS).readInventory()).rejects.toMatchObject({
    ...{exitCode: 6, code: 'unreachable', message: containing('certificate')},
  });
  const caPem = await fixture('test-only-certificate.pem');
  expect(await openTarget(`http:${place}`, {...ACCESS, caPem}).readInventory()).toMatchObject({lineage: 'c'});
});

test('a server that asks to wait is asked again when it said, and not before', async () => {
  const seenAt: number[] = [];
  const url = await serve(() => {
    seenAt.push(performance.now());
    return seenAt.length === 1 ? {status: 429, headers: {'retry-after': '1'}} : {status: 200, body: 5};
  });
  const client = httpClient(new URL(url), ACCESS, []);
  expect(await client.send({method: 'PUT', path: '/x', body: 1})).toMatchObject({status: 200, body: 5});
  expect(seenAt).toHaveLength(2);
  expect(seenAt[1]! - seenAt[0]!).toBeGreaterThan(990);
});

test('only what reads is sent again after a failure that may have changed something', async () => {
  const seen: string[] = [];
  const url = await serve(({method}: SeenRequest) => {
    seen.push(method);
    return {status: 500};
  });
  const client = httpClient(new URL(url), ACCESS, []);
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const)
    await expect(client.send({method, path: '/x'})).rejects.toMatchObject({exitCode: 6});
  expect(seen).toEqual([
    ...Array<string>(ACCESS.retry.attempts).fill('GET'),
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
  ]);
});

test('no part of a secret is told, wherever the words of a server are cut', async () => {
  const secret = 'S3CRET/which+is=longer"than most';
  let filler = 0;
  const url = await serve(() => ({status: 400, body: `${'x'.repeat(filler)}${secret} ${btoa(secret)}`}));
  const client = httpClient(new URL(url), ACCESS, [sealSecret(secret)]);
  for (filler = 200; filler < 310; filler += 3) {
    const error = await client.send({method: 'GET', path: '/x'}).catch(String);
    expect(error).toMatch(/GET http\S+\/x does not accept the request/);
    expect(error).not.toContain('S3C');
    expect(error).not.toContain(btoa(secret).slice(0, 6));
  }
});

test('a name with several addresses of which none answers is told with what each said', async () => {
  const url = await serve(() => ({status: 200}));
  const base = new URL(url.replace('127.0.0.1', 'localhost'));
  base.port = '1';
  const client = httpClient(base, ACCESS, []);
  await expect(client.send({method: 'GET', path: '/'})).rejects.toMatchObject({
    message: containing('ECONNREFUSED'),
  });
});

test('an address that would carry credentials in the open, or holds them, is refused without telling them', () => {
  for (const place of [
    'https://me:hunter2@x/',
    'https://x/?token=hunter2',
    'https://x/#hunter2',
    'hunter2:x',
  ])
    expect(() => parseBaseUrl(place, ACCESS)).toThrow(
      expect.objectContaining({exitCode: 2, message: expect.not.stringContaining('hunter2') as unknown}),
    );
  expect(() => parseBaseUrl('http://storage.example', ACCESS)).toThrow('unencrypted');
  expect(parseBaseUrl('http://storage.example', {...ACCESS, allowPlainHttp: true}).host).toBe(
    'storage.example',
  );
});
