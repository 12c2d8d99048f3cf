import {type CommandShape, type FlagShape, sharedFlags} from './command-shape.js';
import {settableOf} from './config-file.js';

type JsonSchema = Readonly<Record<string, unknown>>;

const VALUE = {type: ['string', 'number', 'boolean']};

/** A JSON Schema (2020-12) of `foreshadow.yaml`, for editors: keys, what they take, what they mean. */
export function configSchema(commands: readonly CommandShape[]): JsonSchema {
  const ingest = commands.find(({command}) => command === 'ingest');
  const sections = commands.map((shape) => [shape.command, sectionSchema(settableOf(shape))] as const);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'foreshadow.yaml',
    description:
      'Flags of foreshadow: those at the top hold for every command that has them, those of a section for that command. ' +
      'A flag of the command line comes first, then FORESHADOW_*, then this file, then the default.',
    type: 'object',
    additionalProperties: false,
    properties: {
      ...propertiesOf(sharedFlags(commands)),
      ...Object.fromEntries(sections),
      sources: {
        description: 'what nightly ingests',
        type: 'array',
        items: sourceSchema(ingest === undefined ? new Map() : settableOf(ingest)),
      },
    },
  };
}

function sectionSchema(flags: ReadonlyMap<string, FlagShape>): JsonSchema {
  return {type: ['object', 'null'], additionalProperties: false, properties: propertiesOf(flags)};
}

function sourceSchema(flags: ReadonlyMap<string, FlagShape>): JsonSchema {
  const files = {
    description: 'paths, in which * and ** stand for any',
    anyOf: [{type: 'string'}, {type: 'array', items: {type: 'string'}, minItems: 1}],
  };
  return {
    type: 'object',
    additionalProperties: false,
    required: ['files'],
    properties: {files, ...propertiesOf(flags)},
  };
}

function propertiesOf(flags: ReadonlyMap<string, FlagShape>): JsonSchema {
  return Object.fromEntries([...flags].map(([name, shape]) => [name, flagSchema(shape)]));
}

function flagSchema({type, options, summary, defaultText}: FlagShape): JsonSchema {
  const description = defaultText === undefined ? summary : `${summary} (default: ${defaultText})`;
  if (type === 'boolean') return {description, type: 'boolean'};
  const one = options === undefined ? VALUE : {enum: options};
  return {description, anyOf: [one, {type: 'array', items: one, minItems: 1}]};
}
