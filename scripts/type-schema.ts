import ts from 'typescript';

/** JSON Schema, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of what a type becomes in JSON, its comments as descriptions. Named object types that come up more than
 * once, or within themselves, are told once (`definitions`). Throws for a type that JSON cannot hold.
 */
export function typeSchema(root: ts.Type, checker: ts.TypeChecker): JsonSchema {
  const definitions = new Map<string, JsonSchema>();
  const schema = schemaOf(root, {checker, definitions, above: [], path: []});
  return definitions.size === 0 ? schema : {...schema, definitions: Object.fromEntries(definitions)};
}

interface Reading {
  readonly checker: ts.TypeChecker;
  readonly definitions: Map<string, JsonSchema>;
  /** Object types that this one is within. */
  readonly above: readonly ts.Type[];
  /** Where it is, for errors. */
  readonly path: readonly string[];
}

const PLAIN: readonly (readonly [ts.TypeFlags, JsonSchema])[] = [
  [ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.NonPrimitive, {}],
  [ts.TypeFlags.Null, {type: 'null'}],
  [ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral, {type: 'string'}],
  [ts.TypeFlags.Number, {type: 'number'}],
  [ts.TypeFlags.Boolean, {type: 'boolean'}],
];

function schemaOf(type: ts.Type, reading: Reading): JsonSchema {
  if (type.isStringLiteral() || type.isNumberLiteral()) return {const: type.value};
  if (type.flags & ts.TypeFlags.BooleanLiteral) return {const: reading.checker.typeToString(type) === 'true'};
  const plain = PLAIN.find(([flags]) => type.flags & flags);
  if (plain !== undefined) return plain[1];
  if (type.isUnion()) return unionSchema(type.types, reading);
  if (reading.checker.isArrayType(type) || reading.checker.isTupleType(type))
    return arraySchema(type, reading);
  if (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) return objectSchema(type, reading);
  throw new Error(
    `${reading.path.join('.')}: ${reading.checker.typeToString(type)} is nothing that JSON can hold`,
  );
}

/** What is undefined is left out of JSON. */
function unionSchema(types: readonly ts.Type[], reading: Reading): JsonSchema {
  const told = types.filter((type) => !(type.flags & ts.TypeFlags.Undefined));
  const texts = told.filter((type) => type.isStringLiteral()).map((type) => type.value);
  const isSwitch = told.filter((type) => type.flags & ts.TypeFlags.BooleanLiteral).length === 2;
  const others = told.filter(
    (type) => !type.isStringLiteral() && !(isSwitch && type.flags & ts.TypeFlags.BooleanLiteral),
  );
  const schemas = [
    ...(texts.length > 0 ? [{enum: texts.sort()}] : []),
    ...(isSwitch ? [{type: 'boolean'}] : []),
    ...others.map((type) => schemaOf(type, reading)),
  ];
  const [only, ...more] = schemas;
  return more.length === 0 && only !== undefined ? only : {anyOf: schemas};
}

function arraySchema(type: ts.Type, reading: Reading): JsonSchema {
  const items = reading.checker
    .getTypeArguments(type as ts.TypeReference)
    .map((item) => schemaOf(item, reading));
  const [first = {}] = items;
  return {type: 'array', items: items.length > 1 ? {anyOf: items} : first};
}

function objectSchema(type: ts.Type, reading: Reading): JsonSchema {
  const name = (type.aliasSymbol ?? type.getSymbol())?.getName() ?? '';
  const isWithinItself = reading.above.includes(type);
  if (isWithinItself) {
    reading.definitions.set(name, reading.definitions.get(name) ?? {});
    return {$ref: `#/definitions/${name}`};
  }
  if (/^(Map|Set|Float64Array|Promise|Date|Uint8Array)$/.test(name)) {
    throw new Error(`${reading.path.join('.')}: a ${name} is nothing that JSON can hold`);
  }
  const schema = bodySchema(type, {...reading, above: [...reading.above, type]});
  if (!reading.definitions.has(name)) return schema;
  reading.definitions.set(name, schema);
  return {$ref: `#/definitions/${name}`};
}

function bodySchema(type: ts.Type, reading: Reading): JsonSchema {
  const {checker} = reading;
  const index = checker.getIndexInfoOfType(type, ts.IndexKind.String);
  const told = checker.getPropertiesOfType(type).filter((property) => !isFunction(property, checker));
  const properties = told.map((property) => {
    const path = [...reading.path, property.getName()];
    const schema = schemaOf(checker.getTypeOfSymbol(property), {...reading, path});
    const description = ts
      .displayPartsToString(property.getDocumentationComment(checker))
      .replaceAll('\n', ' ');
    return [property.getName(), description === '' ? schema : {description, ...schema}] as const;
  });
  const required = told
    .filter((property) => !mayBeLeftOut(property, checker))
    .map((property) => property.getName());
  return {
    type: 'object',
    ...(properties.length > 0 && {properties: Object.fromEntries(properties)}),
    ...(required.length > 0 && {required}),
    ...(index && {additionalProperties: schemaOf(index.type, reading)}),
  };
}

function isFunction(property: ts.Symbol, checker: ts.TypeChecker): boolean {
  return checker.getTypeOfSymbol(property).getCallSignatures().length > 0;
}

function mayBeLeftOut(property: ts.Symbol, checker: ts.TypeChecker): boolean {
  if (property.flags & ts.SymbolFlags.Optional) return true;
  const type = checker.getTypeOfSymbol(property);
  return type.isUnion() && type.types.some(({flags}) => flags & ts.TypeFlags.Undefined);
}
