import {z} from 'zod';

import {parseWith, TargetError, UsageError} from '../../core/index.js';
import type {TargetAccess} from '../access.js';
import {type HttpAnswer, type HttpClient, httpClient, type HttpRequest} from '../http/http-client.js';
import {HttpRefusal} from '../http/http-refusal.js';
import {type Secret, sealSecret} from '../secret.js';

/*
 * The REST interface of Ceph's manager dashboard (https://docs.ceph.com/en/pacific/mgr/ceph_api/): every request names
 * the version of the interface in Accept, and after POST /api/auth carries the token that this gave.
 */
const VERSION = 'application/vnd.ceph.api.v1.0+json';

/** A logged-in conversation with a dashboard. */
export interface CephSession {
  /** Logs in at the first request, and once more when the token has run out. Throws as HttpClient. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** A GET whose answer has this shape. Throws InputError that names the field where it has not. */
  read<T>(path: string, schema: z.ZodType<T>): Promise<T>;
}

/** A conversation that has not begun. Throws UsageError when the credentials that it needs are not there. */
export function cephSession(base: URL, access: TargetAccess): CephSession {
  const {user, password, token} = access.credentials;
  const secrets: (Secret | undefined)[] = [password, token];
  const client = httpClient(base, access, secrets);
  let current = token;
  const send = async (request: HttpRequest): Promise<HttpAnswer> => {
    const wasFresh = current === undefined;
    current ??= await logIn(client, base, user, password);
    secrets.push(current);
    try {
      return await withToken(client, request, current);
    } catch (error) {
      const ranOut = error instanceof HttpRefusal && error.status === 401 && !wasFresh;
      if (!ranOut || password === undefined) throw error;
      current = await logIn(client, base, user, password);
      secrets.push(current);
      return withToken(client, request, current);
    }
  };
  return {
    send,
    read: async (path, schema) => {
      const {body} = await send({method: 'GET', path});
      return parseWith(schema, body, `${base.href.replace(/\/$/, '')}${path}`);
    },
  };
}

async function withToken(client: HttpClient, request: HttpRequest, token: Secret): Promise<HttpAnswer> {
  const headers = {...request.headers, accept: VERSION, authorization: `Bearer ${token.reveal()}`};
  return client.send({...request, headers});
}

async function logIn(
  client: HttpClient,
  base: URL,
  user: string | undefined,
  password: Secret | undefined,
): Promise<Secret> {
  if (user === undefined || password === undefined) {
    throw new UsageError('no-credentials', `${base.host} needs a user and a password`, {
      hints: ['set FORESHADOW_TARGET_USER and FORESHADOW_TARGET_PASSWORD, or give --credentials FILE'],
    });
  }
  try {
    const body = {username: user, password: password.reveal()};
    const answer = await client.send({method: 'POST', path: '/api/auth', headers: {accept: VERSION}, body});
    return sealSecret(parseWith(z.object({token: z.string().min(1)}), answer.body, 'POST /api/auth').token);
  } catch (error) {
    // 16.2 says 400 to a wrong password, and the same to the right one after ten wrong ones: asking again only locks.
    if (!(error instanceof HttpRefusal && [400, 401, 403].includes(error.status))) throw error;
    throw new TargetError('not-logged-in', `${base.host} does not accept user ${user} with this password`, {
      hints: ['after many wrong passwords the user is locked: ceph dashboard ac-user-enable USER'],
    });
  }
}
