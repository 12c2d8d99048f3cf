import type {Contract, ContractOperation} from './contract.js';
import {type GivenAnswer, type SeenRequest, serve} from './serve.js';

interface FakeBoundary {
  readonly hosts: readonly string[];
  bytes: number;
  version: number;
  lastKey?: string;
  capacityBytes?: number;
  usedBytes?: number;
  state: 'ok' | 'repairing';
}

export interface FakeOrchestrator {
  readonly url: string;
  readonly boundaries: Map<string, FakeBoundary>;
  clusterId: string;
  puts: number;
  moves: number;
}

/**
 * A FAKE of an orchestrator that keeps docs/remirror-buffer.openapi.yaml to the letter: what the contract does not say
 * is refused, and what it answers is held against it, too.
 */
export async function startFakeOrchestrator(
  contract: Contract,
  boundaries: Iterable<readonly [string, readonly string[]]>,
  isAllowed: (authorization: string | undefined) => boolean,
): Promise<FakeOrchestrator> {
  const state = {
    boundaries: new Map(
      [...boundaries].map(([id, hosts]) => [id, {hosts, bytes: 0, version: 1, state: 'ok'}] as const),
    ) as Map<string, FakeBoundary>,
    ...{clusterId: 'cluster-of-the-test', puts: 0, moves: 0},
  };
  const url = await serve((request) => {
    if (request.method !== 'GET') state.puts += 1;
    const operation = contract.operations.find((one) => isCalled(one, request));
    if (operation === undefined) return problem(404, 'no such resource or method');
    if (!isAllowed(request.headers.authorization)) return problem(401, 'who are you?');
    return held(contract, operation, answer(contract, operation, request, state));
  });
  return Object.assign(state, {url});
}

type State = Omit<FakeOrchestrator, 'url'>;

function isCalled({method, path}: ContractOperation, request: SeenRequest): boolean {
  const [asked, told] = [request.url.split('/'), path.split('/')];
  return (
    method === request.method &&
    asked.length === told.length &&
    told.every((part, index) => part.startsWith('{') || part === asked[index])
  );
}

function answer(
  contract: Contract,
  operation: ContractOperation,
  request: SeenRequest,
  state: State,
): GivenAnswer {
  if (!(request.headers.accept ?? '').includes('application/json')) return problem(400, 'Accept');
  if (operation.operationId === 'listRiskBoundaries') return {status: 200, body: listing(state)};
  const boundary = state.boundaries.get(decodeURIComponent(request.url.split('/')[2] ?? ''));
  if (boundary === undefined) return problem(404, 'no such boundary');
  if (operation.operationId === 'getRemirrorBuffer') return told(boundary);
  return judge(contract, operation, request) ?? put(state, boundary, request);
}

/** What the contract does not allow of a request. */
function judge(
  contract: Contract,
  {parameters, requestBody}: ContractOperation,
  {headers, text}: SeenRequest,
): GivenAnswer | undefined {
  for (const {name, schema, in: where} of parameters) {
    if (where !== 'header') continue;
    const value = headers[name.toLowerCase()];
    if (value === undefined) return problem(428, `${name} is missing`);
    if (contract.faults(schema, value).length > 0) return problem(400, `${name} is wrong`);
  }
  if (headers['content-type'] !== 'application/json') return problem(415, 'Content-Type');
  const schema = requestBody?.content['application/json']?.schema ?? {};
  const faults = contract.faults(schema, JSON.parse(text));
  return faults.length > 0 ? problem(400, faults.join('; ')) : undefined;
}

function put(state: State, boundary: FakeBoundary, {headers, text}: SeenRequest): GivenAnswer {
  const key = String(headers['idempotency-key']);
  if (key === boundary.lastKey) return told(boundary);
  if (headers['if-match'] !== tagOf(boundary)) return problem(412, 'another state');
  const {bytes} = JSON.parse(text) as {bytes: number};
  if (bytes !== boundary.bytes) state.moves += 1;
  Object.assign(boundary, {bytes, version: boundary.version + 1, lastKey: key});
  return told(boundary);
}

function listing({clusterId, boundaries}: State): object {
  return {
    clusterId,
    boundaries: [...boundaries].map(([id, {hosts, bytes, state, capacityBytes, usedBytes}]) => ({
      ...{id, hosts, remirrorBufferBytes: bytes, state},
      ...(capacityBytes === undefined ? {} : {capacityBytes}),
      ...(usedBytes === undefined ? {} : {usedBytes}),
    })),
  };
}

function told(boundary: FakeBoundary): GivenAnswer {
  return {status: 200, headers: {etag: tagOf(boundary)}, body: {bytes: boundary.bytes}};
}

function tagOf({version}: FakeBoundary): string {
  return `"v${version}"`;
}

function problem(status: number, detail: string): GivenAnswer {
  const headers = {'content-type': 'application/problem+json'};
  return {status, headers, body: {title: 'refused', status, detail}};
}

/** The answer, or 500 when the contract does not know it: the fake is wrong, or the contract. */
function held(
  contract: Contract,
  {operationId, responses}: ContractOperation,
  given: GivenAnswer,
): GivenAnswer {
  const {status, headers = {}, body} = given;
  const response = responses[String(status)];
  const type = headers['content-type'] ?? 'application/json';
  const schema = response?.content[type]?.schema;
  const missing = Object.keys(response?.headers ?? {}).filter(
    (name) => headers[name.toLowerCase()] === undefined,
  );
  const faults =
    schema === undefined ? [`no ${status} of ${type}`] : [...missing, ...contract.faults(schema, body)];
  if (faults.length === 0) return given;
  return {status: 500, body: {broken: `${operationId}: ${faults.join('; ')}`}};
}
