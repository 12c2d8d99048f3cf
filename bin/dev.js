#!/usr/bin/env -S node --import tsx
import {readFile} from 'node:fs/promises';
import {fileURLToPath, URL} from 'node:url';

import {execute, settings} from '@oclif/core';

// oclif's own switch from dist to src needs ts-node or an older tsx, and silently runs an old build without them.
settings.enableAutoTranspile = false;
const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
const pjson = JSON.parse(text.replaceAll('"./dist/', '"./src/'));
await execute({development: true, loadOptions: {root: fileURLToPath(new URL('..', import.meta.url)), pjson}});
