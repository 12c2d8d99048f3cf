import {createServer, type IncomingHttpHeaders} from 'node:http';
import type {AddressInfo} from 'node:net';
import {text} from 'node:stream/consumers';

import {onTestFinished} from 'vitest';

/** A request as a stand-in for an API sees it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface GivenAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; absent: no body. */
  readonly body?: unknown;
}

/** Serves on a free port of this machine until the test ends, and returns the address. */
export async function serve(answer: (request: SeenRequest) => GivenAnswer): Promise<string> {
  const server = createServer((request, response) => {
    const give = ({status, headers, body}: GivenAnswer): void => {
      response.writeHead(status, {'content-type': 'application/json', ...headers});
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    const {method = '', url = '', headers} = request;
    text(request)
      .then((body) => {
        give(answer({method, url, headers, text: body}));
      })
      .catch((error: unknown) => {
        give({status: 500, body: {broken: String(error)}});
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
