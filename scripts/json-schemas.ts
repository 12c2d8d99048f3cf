import {readdirSync} from 'node:fs';
import path from 'node:path';

import ts from 'typescript';

import {type JsonSchema, typeSchema} from './type-schema.js';

const ROOT = path.join(import.meta.dirname, '..');
const COMMANDS = path.join(ROOT, 'src', 'commands');

/** What each command prints with `--json`, by file name: out of the type that its `run` returns. */
export function jsonSchemas(): ReadonlyMap<string, string> {
  const files = readdirSync(COMMANDS, {recursive: true, encoding: 'utf8'}).filter((file) =>
    file.endsWith('.ts'),
  );
  const {config} = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
    config: unknown;
  };
  const {options} = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram(
    files.map((file) => path.join(COMMANDS, file)),
    options,
  );
  const checker = program.getTypeChecker();
  return new Map([
    ...files.sort().flatMap((file): [string, string][] => {
      const command = file.replace(/\.ts$/, '').replaceAll(path.sep, ' ');
      const returned = returnedBy(path.join(COMMANDS, file), program, checker);
      if (returned === undefined) return [];
      const schema = documentSchema(command, typeSchema(returned, checker));
      return [[`${command.replaceAll(' ', '-')}.schema.json`, `${JSON.stringify(schema, undefined, 2)}\n`]];
    }),
    ['error.schema.json', `${JSON.stringify(ERROR_SCHEMA, undefined, 2)}\n`],
  ]);
}

/** The `T` of `run(): Promise<T>`; undefined for one that returns nothing. */
function returnedBy(file: string, program: ts.Program, checker: ts.TypeChecker): ts.Type | undefined {
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  const exported =
    module && checker.getExportsOfModule(module).find((symbol) => symbol.getName() === 'default');
  const run = exported && checker.getDeclaredTypeOfSymbol(exported).getProperty('run');
  const signature = run && checker.getTypeOfSymbol(run).getCallSignatures()[0];
  const returned = signature && checker.getAwaitedType(signature.getReturnType());
  return returned !== undefined && returned.flags & ts.TypeFlags.Void ? undefined : returned;
}

/** Every document has these, too; a field that is not told is none that a reader may rely on. */
function documentSchema(command: string, schema: JsonSchema): JsonSchema {
  const {
    properties = {},
    required = [],
    ...rest
  } = schema as {properties?: object; required?: readonly string[]};
  const parts = 'anyOf' in rest ? {allOf: [{anyOf: rest.anyOf}]} : rest;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `foreshadow ${command} --json`,
    ...parts,
    type: 'object',
    properties: {schemaVersion: {const: 1}, command: {const: command.replaceAll(' ', ':')}, ...properties},
    required: ['schemaVersion', 'command', ...required],
  };
}

const ERROR_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'what any command prints with --json when it ends with an error',
  type: 'object',
  properties: {
    schemaVersion: {const: 1},
    command: {type: 'string'},
    error: {
      type: 'object',
      properties: {
        code: {description: 'stable: what a script may match on', type: 'string'},
        exitCode: {enum: [1, 2, 3, 4, 5, 6]},
        message: {type: 'string'},
        hints: {description: 'what to try', type: 'array', items: {type: 'string'}},
        diagnostics: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              severity: {enum: ['error', 'warning']},
              ...Object.fromEntries(
                ['code', 'message', 'at', 'advice'].map((name) => [name, {type: 'string'}]),
              ),
            },
            required: ['severity', 'code', 'message'],
          },
        },
      },
      required: ['code', 'exitCode', 'message', 'hints', 'diagnostics'],
    },
  },
  required: ['schemaVersion', 'error'],
};
