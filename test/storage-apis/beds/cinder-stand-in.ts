import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {text} from 'node:stream/consumers';

import {onTestFinished} from 'vitest';
import {z} from 'zod';

export interface StandInType {
  readonly name: string;
  readonly zones?: string;
  /** GiB; -1 is no limit. */
  limit: number;
  inUse?: number;
  reserved?: number;
}

const putShape = z.strictObject({quota_set: z.record(z.string(), z.number().int())});

/**
 * A strict stand-in for Cinder's API (not the real one): it takes the requests that are used and no others, with the
 * right token only, and answers in the shapes that Cinder 21.3 (API 3.70) was seen to answer in. Types come in pages of
 * two. Gone when the test ends.
 */
export async function cinderStandIn(types: readonly StandInType[], {project = 'a1b2', token = 'good'} = {}) {
  const changes: {body: unknown}[] = [];
  let moves = 0;
  const answer = async (request: IncomingMessage): Promise<[status: number, body: unknown]> => {
    const url = new URL(request.url ?? '', 'http://x');
    if (request.headers['x-auth-token'] !== token)
      return [401, {error: {code: 401, message: 'Unauthorized'}}];
    const quotaPath = `/v3/${project}/os-quota-sets/${project}`;
    if (request.method === 'GET' && `${url.pathname}${url.search}` === `${quotaPath}?usage=true`)
      return [200, quotaSet(types, project)];
    if (request.method === 'GET' && url.pathname === `/v3/${project}/types`) return page(types, url);
    if (request.method === 'PUT' && `${url.pathname}${url.search}` === quotaPath) {
      const body: unknown = JSON.parse(await text(request));
      changes.push({body});
      const before = types.map(({limit}) => limit);
      const answered = put(types, putShape.parse(body).quota_set);
      if (types.some(({limit}, index) => limit !== before[index])) moves += 1;
      return answered;
    }
    return [404, '<html><body>404 Not Found</body></html>'];
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    answer(request)
      .then(([status, body]) => {
        const isText = typeof body === 'string';
        response.writeHead(status, {'content-type': isText ? 'text/html' : 'application/json'});
        response.end(isText ? body : JSON.stringify(body));
      })
      .catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const {port} = server.address() as AddressInfo;
  return {place: `http://127.0.0.1:${port}/v3/${project}`, changes, moves: () => moves};
}

function quotaSet(types: readonly StandInType[], project: string): unknown {
  const counts = {in_use: 0, reserved: 0};
  const ofTypes = types.flatMap(({name, limit, inUse = 0, reserved = 0}): [string, object][] => [
    [`volumes_${name}`, {limit: -1, ...counts}],
    [`gigabytes_${name}`, {limit, in_use: inUse, reserved}],
  ]);
  const gigabytes = {limit: 1000, ...counts};
  return {
    quota_set: {
      id: project,
      gigabytes,
      per_volume_gigabytes: {...gigabytes, limit: -1},
      ...Object.fromEntries(ofTypes),
    },
  };
}

function page(types: readonly StandInType[], {searchParams}: URL): [number, unknown] {
  if (searchParams.get('is_public') !== 'None')
    return [400, {badRequest: {code: 400, message: 'only public ones'}}];
  const marker = searchParams.get('marker');
  const start = marker === null ? 0 : types.findIndex(({name}) => `id-of-${name}` === marker) + 1;
  const shown = types.slice(start, start + 2).map(({name, zones}) => ({
    ...{id: `id-of-${name}`, name, is_public: true, description: null, qos_specs_id: null},
    extra_specs: zones === undefined ? {} : {'RESKEY:availability_zones': zones},
  }));
  const more = start + 2 < types.length ? {volume_type_links: [{rel: 'next', href: 'http://x/'}]} : {};
  return [200, {volume_types: shown, ...more}];
}

function put(types: readonly StandInType[], set: Readonly<Record<string, number>>): [number, unknown] {
  const bad = (message: string): [number, unknown] => [400, {badRequest: {code: 400, message}}];
  for (const [key, limit] of Object.entries(set)) {
    const type = types.find(({name}) => key === `gigabytes_${name}`);
    if (type === undefined) return bad(`Invalid input received: Bad key(s) in quota set: ${key}`);
    if (limit < -1) return bad(`${key} must be >= -1`);
    if (limit > 2_147_483_647) return bad(`${key} must be <= 2147483647`);
    type.limit = limit;
  }
  return [200, {quota_set: Object.fromEntries(types.map(({name, limit}) => [`gigabytes_${name}`, limit]))}];
}
