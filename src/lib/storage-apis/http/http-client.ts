import type {IncomingMessage} from 'node:http';
import {setTimeout as wait} from 'node:timers/promises';

import {errorText, TargetError, UsageError} from '../../core/index.js';
import type {TargetAccess} from '../access.js';
import {OpenTargetError} from '../open-target-error.js';
import {redact, type Secret} from '../secret.js';
import {HttpRefusal} from './http-refusal.js';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base address, every part of it encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, under this type where another than application/json is wanted. */
  readonly body?: unknown;
  readonly contentType?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Undefined where the answer has no body. */
  readonly body: unknown;
}

/** Sends requests below one base address. */
export interface HttpClient {
  /**
   * Answers with any 2xx. What is certain not to have been done (no connection, 429) is tried again, and so is every GET
   * that got no whole answer. Throws HttpRefusal for other answers below 500, OpenTargetError where a change may have
   * been made or not, TargetError when nobody answers. No error holds a secret.
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
}

/** The most that is read of an answer. */
const MOST_BYTES = 256 * 2 ** 20;
/** The longest that a server may ask to wait. */
const MOST_WAIT_MS = 60_000;

/**
 * A base address that may be written into plans and journals. Throws UsageError for one that is no http(s) URL, holds
 * credentials, or would carry them unencrypted to another machine.
 */
export function parseBaseUrl(place: string, {allowPlainHttp}: TargetAccess): URL {
  const url = URL.canParse(place) ? new URL(place) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError('bad-address', 'the target is no http:// or https:// address', {
      hints: ['write the address after the kind of target, like http:https://storage.example:8443'],
    });
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new UsageError('address-with-more', `the address of ${url.host} holds more than a place`, {
      hints: ['give credentials by environment or --credentials, never in the address'],
    });
  }
  const isLocal = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol === 'http:' && !isLocal && !allowPlainHttp) {
    throw new UsageError('not-encrypted', `${url.host} would get the credentials unencrypted`, {
      hints: ['use https://', 'or add --allow-plain-http where the network is trusted'],
    });
  }
  return url;
}

/** Requests below `base`; `secrets` are kept out of every error. */
export function httpClient(
  base: URL,
  access: TargetAccess,
  secrets: readonly (Secret | undefined)[],
): HttpClient {
  const prefix = base.href.replace(/\/$/, '');
  return {
    send: async (request) => {
      const where = `${request.method} ${prefix}${request.path}`;
      for (let attempt = 1; ; attempt += 1) {
        const outcome = await tryOnce(`${prefix}${request.path}`, request, access);
        if ('answer' in outcome && outcome.answer.status < 300) return outcome.answer;
        const error = asError(outcome, where, request.method === 'GET', secrets);
        const again = mayRepeat(outcome, request.method === 'GET');
        if (!again || attempt >= access.retry.attempts) throw error;
        await wait(delayMs(outcome, attempt, access), undefined, access.signal && {signal: access.signal});
      }
    },
  };
}

type Outcome =
  | {readonly answer: HttpAnswer; readonly text: string}
  /** `reached`: the request may have come to the server. */
  | {readonly failure: unknown; readonly reached: boolean};

async function tryOnce(url: string, request: HttpRequest, access: TargetAccess): Promise<Outcome> {
  let reached = false;
  try {
    const answer = await exchange(url, request, access, () => {
      reached = true;
    });
    const text = answer.text;
    return {answer: {status: answer.status, headers: answer.headers, body: parseBody(text)}, text};
  } catch (failure) {
    access.signal?.throwIfAborted();
    return {failure, reached};
  }
}

interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

async function exchange(
  url: string,
  {method, headers, body, contentType}: HttpRequest,
  {timeoutMs, caPem, signal}: TargetAccess,
  onConnected: () => void,
): Promise<RawAnswer> {
  const secure = url.startsWith('https:');
  const {request} = secure ? await import('node:https') : await import('node:http');
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const limit = AbortSignal.timeout(timeoutMs);
  const options = {
    method,
    headers: {
      accept: 'application/json',
      ...headers,
      ...(payload && {
        'content-type': contentType ?? 'application/json',
        'content-length': String(payload.length),
      }),
    },
    signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    agent: false,
    ...(secure && caPem !== undefined && {ca: caPem}),
  } as const;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (message) => {
      readAll(message).then(
        (text) => {
          resolve({status: message.statusCode ?? 0, headers: message.headers, text});
        },
        (error: unknown) => {
          fail(error);
        },
      );
    });
    const fail = (error: unknown): void => {
      reject(new Error(limit.aborted ? `no whole answer within ${timeoutMs / 1000} s` : failureText(error)));
    };
    sent.on('socket', (socket) => socket.once(secure ? 'secureConnect' : 'connect', onConnected));
    sent.on('error', fail);
    sent.end(payload);
  });
}

/** A name with several addresses of which none answers gives an error without a text of its own. */
function failureText(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(errorText).join('; ');
  return errorText(error);
}

async function readAll(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  if (!message.complete) throw new Error('the answer ended in the middle');
  return Buffer.concat(parts).toString('utf8');
}

/** What is no JSON stays the text that it is. */
function parseBody(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    const body: unknown = JSON.parse(text);
    return body;
  } catch {
    return text;
  }
}

function asError(
  outcome: Outcome,
  where: string,
  isRead: boolean,
  secrets: readonly (Secret | undefined)[],
): TargetError {
  if ('failure' in outcome) {
    const text = redact(`${where}: ${errorText(outcome.failure)}`, secrets);
    if (outcome.reached && !isRead) return new OpenTargetError('no-answer', text);
    const hints = ['look at the address, at the network and at the certificate'];
    return new TargetError(outcome.reached ? 'no-answer' : 'unreachable', text, {hints});
  }
  const {status} = outcome.answer;
  // Cut afterwards: a part of a secret would not be found.
  const said = excerpt(redact(outcome.text, secrets));
  if (status < 500) return new HttpRefusal(status, where, said);
  const text = `${where} failed with ${status}${said === '' ? '' : `: ${said}`}`;
  return isRead ? new TargetError('server-failed', text) : new OpenTargetError('server-failed', text);
}

function mayRepeat(outcome: Outcome, isRead: boolean): boolean {
  if ('failure' in outcome) return isRead || !outcome.reached;
  const {status} = outcome.answer;
  return status === 429 || (isRead && status >= 500);
}

function delayMs(outcome: Outcome, attempt: number, {retry}: TargetAccess): number {
  const asked = 'answer' in outcome ? Number(outcome.answer.headers['retry-after']) * 1000 : Number.NaN;
  const own = retry.firstDelayMs * 2 ** (attempt - 1);
  return Math.min(MOST_WAIT_MS, Math.max(own, Number.isFinite(asked) ? asked : 0));
}

/** Some words of what a server said, on one line, without what would move a terminal's cursor. */
function excerpt(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
