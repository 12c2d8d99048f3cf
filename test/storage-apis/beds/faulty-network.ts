import {createServer, type IncomingMessage, request as send, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {buffer} from 'node:stream/consumers';

import {onTestFinished} from 'vitest';

/** What a request may meet on its way; a number is the status of an answer that never came to the API. */
export type Fault =
  | {readonly how: 'answer'; readonly status: number; readonly headers?: Readonly<Record<string, string>>}
  /** No answer; the API never sees it. */
  | {readonly how: 'hang'}
  /** No answer in time; the API sees it just before the next request that changes something. */
  | {readonly how: 'late'}
  /** The API did it, and half of its answer comes back. */
  | {readonly how: 'half'}
  /** The API did it, and the connection is cut before it answers. */
  | {readonly how: 'lost'}
  /** Nobody listens any more from the request before it on; `kind` does not matter. */
  | {readonly how: 'refused'};

export interface FaultRule {
  readonly kind: 'reading' | 'changing';
  /** Which request of that kind, from 0. */
  readonly nth: number;
  readonly fault: Fault;
  /** All later ones of that kind, too. */
  readonly lasting: boolean;
}

/** A network between a target and its API: clean until told otherwise. */
export interface FaultyNetwork {
  /** Where the API is reached. */
  readonly url: string;
  breakAt(rule: FaultRule): Promise<void>;
  /** Ends all faults. */
  heal(): Promise<void>;
  /** How many requests met the fault; of a refusal: 1 when it came to that. */
  met(): number;
  /** Requests that were seen since it was broken or healed. */
  seen(): number;
}

/** Starts a network in front of an API until the test ends. `reads`: which requests change nothing. */
export async function startFaultyNetwork(
  upstream: string,
  reads: (method: string, url: string) => boolean = (method) => method === 'GET',
): Promise<FaultyNetwork> {
  let rule: FaultRule | undefined;
  let [met, seen] = [0, 0];
  let counts = {reading: 0, changing: 0};
  let late: (() => Promise<unknown>)[] = [];
  const server = createServer((request, response) => {
    void handle(request, response).catch(() => response.destroy());
  });

  const faultFor = (kind: FaultRule['kind']): Fault | undefined => {
    const index = counts[kind];
    counts[kind] += 1;
    if (rule === undefined || rule.kind !== kind || rule.fault.how === 'refused') return undefined;
    if (index !== rule.nth && !(rule.lasting && index > rule.nth)) return undefined;
    met += 1;
    return rule.fault;
  };
  const stopListening = (): void => {
    met += 1;
    server.close();
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const kind = reads(request.method ?? '', request.url ?? '') ? 'reading' : 'changing';
    const body = await buffer(request);
    const forward = async (): Promise<ForwardedAnswer> => forwardTo(upstream, request, body);
    if (kind === 'changing') for (const deliver of late.splice(0)) await deliver();
    seen += 1;
    const fault = faultFor(kind);
    if (fault?.how === 'hang') return;
    if (fault?.how === 'late') late.push(forward);
    else if (fault?.how === 'answer') refuse(request, response, body, fault);
    else giveBack(response, await forward(), fault);
  }

  function giveBack(response: ServerResponse, answer: ForwardedAnswer, fault: Fault | undefined): void {
    if (rule?.fault.how === 'refused' && seen === rule.nth) stopListening();
    if (fault?.how === 'lost') response.destroy();
    else if (fault?.how === 'half') sendHalf(response, answer);
    else response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  const listen = async (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const {port} = server.address() as AddressInfo;
  const forget = (): void => {
    [met, seen, counts, late] = [0, 0, {reading: 0, changing: 0}, []];
  };
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    breakAt: async (next) => {
      forget();
      rule = next;
      if (next.fault.how === 'refused' && next.nth === 0) stopListening();
      return Promise.resolve();
    },
    heal: async () => {
      rule = undefined;
      forget();
      server.closeAllConnections();
      if (!server.listening) await listen(port);
    },
    met: () => met,
    seen: () => seen,
  };
}

interface ForwardedAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function forwardTo(
  upstream: string,
  {method, url, headers}: IncomingMessage,
  body: Buffer,
): Promise<ForwardedAnswer> {
  return new Promise((resolve, reject) => {
    const request = send(`${upstream}${url ?? ''}`, {method, headers, agent: false}, (answer) => {
      buffer(answer).then((whole) => {
        resolve({status: answer.statusCode ?? 0, headers: answer.headers, body: whole});
      }, reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Says no, and tells in the answer everything that the request told, as a chatty server might. */
function refuse(
  {headers}: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  fault: Fault & {how: 'answer'},
): void {
  const said = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  const spoken = Buffer.from(headers.authorization?.split(' ')[1] ?? '', 'base64').toString();
  const detail = [spoken, headers.authorization, ...said, body.toString()].join('; ');
  response.writeHead(fault.status, {'content-type': 'application/json', ...fault.headers});
  response.end(JSON.stringify({detail, encoded: encodeURIComponent(detail)}));
}

function sendHalf(response: ServerResponse, {status, headers, body}: ForwardedAnswer): void {
  response.writeHead(status, {...headers, 'content-length': String(Math.max(2, body.length))});
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
  if (body.length < 2) response.destroy();
}
