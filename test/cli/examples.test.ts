import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';

import {Config} from '@oclif/core';
import {describe, expect, it} from 'vitest';
import {parse} from 'yaml';

import {callsIn, faultsOfCall} from '../support/known-calls.js';

const ROOT = path.join(import.meta.dirname, '..', '..');
const FOLDER = path.join(ROOT, 'docs', 'examples');
const files = await readdir(FOLDER);
const config = await Config.load({root: ROOT});

/** Of systemd.syntax(7): sections of `Key=value`, comments. */
const UNIT_LINE = /^(?:#.*|\[\w+\]|[A-Z]\w*=.+|)$/;

describe.each(files)('docs/examples/%s', (file) => {
  it('can be parsed', async () => {
    const text = await readFile(path.join(FOLDER, file), 'utf8');
    if (file.endsWith('.yml')) expect(parse(text)).toBeTypeOf('object');
    else expect(text.split('\n').filter((line) => !UNIT_LINE.test(line))).toEqual([]);
  });

  it('calls commands and flags that there are', async () => {
    const text = (await readFile(path.join(FOLDER, file), 'utf8')).replace(/^\s*#.*$/gm, '');
    const calls = callsIn(text);
    expect(calls.flatMap((call) => faultsOfCall(config, call))).toEqual([]);
  });
});

it('calls nightly in each of them but the timer', async () => {
  const calling = await Promise.all(
    files.map(async (file) =>
      callsIn(await readFile(path.join(FOLDER, file), 'utf8')).map(([first]) => first),
    ),
  );
  expect(calling.filter((calls) => calls.includes('nightly'))).toHaveLength(files.length - 1);
});
