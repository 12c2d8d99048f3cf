import {readFile} from 'node:fs/promises';

import {parse} from 'yaml';
import {z} from 'zod';

const FILE = new URL('../../../docs/remirror-buffer.openapi.yaml', import.meta.url);
const schema = z.record(z.string(), z.unknown());
const content = z.record(z.string(), z.object({schema}));
const header = z.object({required: z.boolean().optional(), schema});
const parameter = header.extend({name: z.string(), in: z.enum(['path', 'header'])});
const response = z.object({
  description: z.string(),
  headers: z.record(z.string(), header).optional(),
  content,
});
const operation = z.object({
  operationId: z.string(),
  parameters: z.array(parameter).default([]),
  requestBody: z.object({required: z.literal(true), content}).optional(),
  responses: z.record(z.string(), response),
});
const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

/** One operation of the contract, with every reference followed but those inside of schemas. */
export type ContractOperation = z.infer<typeof operation> & {readonly method: string; readonly path: string};

/** docs/remirror-buffer.openapi.yaml as its readers see it. */
export interface Contract {
  readonly operations: readonly ContractOperation[];
  /** What is wrong with a value by one of its schemas; empty: nothing. */
  faults(schema: Readonly<Record<string, unknown>>, value: unknown): readonly string[];
}

let contract: Promise<Contract> | undefined;

/** Reads the contract, once; throws when it is no OpenAPI 3.1 or refers to what is not there. */
export async function readContract(): Promise<Contract> {
  contract ??= parseContract();
  return contract;
}

async function parseContract(): Promise<Contract> {
  const document = z
    .object({
      openapi: z.string().startsWith('3.1.'),
      info: z.object({title: z.string(), version: z.string()}),
      paths: z.record(z.string(), z.record(z.string(), z.unknown())),
      components: z.record(z.string(), z.record(z.string(), z.unknown())),
    })
    .parse(parse(await readFile(FILE, 'utf8')));
  const {paths, components} = document;
  const lookUp = (reference: string): unknown => {
    const [, , kind = '', name = ''] = reference.split('/');
    const found = components[kind]?.[name];
    if (found === undefined) throw new Error(`${reference} is not there`);
    return found;
  };
  const follow = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(follow);
    if (typeof value !== 'object' || value === null) return value;
    const {$ref: reference, ...rest} = value as Record<string, unknown>;
    const inner = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, follow(one)]));
    if (typeof reference !== 'string') return inner;
    return {...(follow(lookUp(reference)) as object), ...inner};
  };
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, told]) => {
        const own = operation.parse(follow(told));
        const shared = z.array(parameter).parse(follow(item['parameters'] ?? []));
        return {...own, parameters: [...shared, ...own.parameters], method: method.toUpperCase(), path};
      }),
  );
  const known = new Map<object, z.ZodType>();
  return {
    operations,
    faults: (one, value) => {
      const made = known.get(one) ?? z.fromJSONSchema(one);
      known.set(one, made);
      const parsed = made.safeParse(value);
      return parsed.success
        ? []
        : parsed.error.issues.map(({path, message}) => `${path.join('.')}: ${message}`);
    },
  };
}
