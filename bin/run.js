#!/usr/bin/env node
import {readFileSync} from 'node:fs';
import module from 'node:module';
import {URL} from 'node:url';

module.enableCompileCache?.();
// A reader that goes away (head, less) is not an error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}
const known = answerAtOnce();
if (known === undefined) {
  const {execute} = await import('@oclif/core/execute');
  await execute({dir: import.meta.url});
} else process.stdout.write(known);

/**
 * What `--version` and `--help` print, without loading oclif, which takes most of the time of a short call: `npm run build`
 * keeps the help that oclif renders for 80 columns. Undefined for all else, where that file is not there, and for a
 * terminal that is narrower.
 */
function answerAtOnce() {
  const [only, ...others] = process.argv.slice(2);
  if (others.length > 0 || !['--version', '--help', undefined].includes(only) || isNarrow()) return undefined;
  try {
    const {name, version} = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    const told = `${name}/${version} ${process.platform}-${process.arch} node-${process.version}`;
    if (only === '--version') return `${told}\n`;
    const help = readFileSync(new URL('../dist/root-help.txt', import.meta.url), 'utf8').replace(
      '{version}',
      told,
    );
    const isPainted = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
    return isPainted ? help.replace(/^[A-Z]+$/gm, '\u001b[1m$&\u001b[22m') : help;
  } catch {
    return undefined;
  }
}

function isNarrow() {
  return process.env.OCLIF_COLUMNS !== undefined || (process.stdout.isTTY && process.stdout.columns < 80);
}
