import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {parseArgs} from 'node:util';

import {Config} from '@oclif/core';

import {commandShapes} from '../src/command-shapes.js';
import {configSchema} from '../src/lib/configuration/index.js';
import {commandReference} from './command-reference.js';
import {jsonSchemas} from './json-schemas.js';

const ROOT = path.join(import.meta.dirname, '..');
const {values} = parseArgs({options: {check: {type: 'boolean', default: false}}});

/**
 * `npm run generate` writes what is made out of the sources: schemas/ (what `--json` prints, foreshadow.yaml) and docs/commands.md. With
 * `--check` nothing is written; the process ends with 1 when a file is not what it should be.
 */
const wanted = new Map([
  ...[...jsonSchemas()].map(([file, text]) => [path.join('schemas', file), text] as const),
  [path.join('schemas', 'foreshadow.yaml.schema.json'), await configText()],
  [path.join('docs', 'commands.md'), await commandReference(ROOT)],
]);
mkdirSync(path.join(ROOT, 'schemas'), {recursive: true});
const stale = [...wanted].filter(([file, text]) => textOf(file) !== text).map(([file]) => file);
const needless = readdirSync(path.join(ROOT, 'schemas'))
  .map((file) => path.join('schemas', file))
  .filter((file) => !wanted.has(file));

if (values.check) {
  for (const file of [...stale, ...needless])
    console.error(`${file} is not what the sources say: npm run generate`);
  process.exitCode = stale.length + needless.length > 0 ? 1 : 0;
} else {
  for (const file of stale) writeFileSync(path.join(ROOT, file), wanted.get(file) ?? '');
  for (const file of needless) rmSync(path.join(ROOT, file));
  console.log(`written: ${stale.length}, removed: ${needless.length}`);
}

async function configText(): Promise<string> {
  return `${JSON.stringify(configSchema(commandShapes(await Config.load({root: ROOT}))), undefined, 2)}\n`;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(path.join(ROOT, file), 'utf8');
  } catch {
    return undefined;
  }
}
