import {execFile} from 'node:child_process';
import {writeFile} from 'node:fs/promises';
import path from 'node:path';

import {USERS_ENVIRONMENT} from './run-foreshadow.js';
import type {CommandProcess, PrintedRun} from './command-process.js';

/** `|| echo exit $?`, by which a page shows an exit code that is not 0. */
const SHOWN_EXIT = / \|\| echo "?exit \$\?"?$/;

/**
 * Runs a command line of a page in a folder, as `sh` would. A plain call of foreshadow (also with `> FILE` or
 * `|| echo exit $?` behind it) goes to the process that has the program in memory; everything else is left to `sh`, with a
 * `foreshadow` on the path that is in `bin`.
 */
export async function runDocumented(
  line: string,
  {folder, bin, process: program}: {folder: string; bin: string; process: CommandProcess},
): Promise<PrintedRun> {
  const shown = SHOWN_EXIT.test(line);
  const [, call = '', file] =
    /^foreshadow ((?:"[^"$]*"|'[^']*'|[^"'|&;<>$`*#])+?)(?: > (\S+))?$/.exec(
      line.replace(SHOWN_EXIT, '').replace(/\s+#.*$/, ''),
    ) ?? [];
  if (call === '') return runInShell(line, folder, bin);
  const args = (call.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) => word.replace(/["']/g, ''));
  const run = await program.run(folder, args);
  if (file !== undefined) await writeFile(path.join(folder, file), run.stdout);
  const printed = file === undefined || run.exitCode !== 0 ? run.printed : '';
  if (!shown || run.exitCode === 0) return {...run, printed};
  return {...run, exitCode: 0, printed: `${printed}exit ${run.exitCode}\n`};
}

function runInShell(line: string, folder: string, bin: string): Promise<PrintedRun> {
  const env = {...USERS_ENVIRONMENT, PATH: `${bin}:${process.env.PATH ?? ''}`};
  return new Promise((resolve) => {
    execFile('sh', ['-c', `{ ${line}\n} 2>&1`], {cwd: folder, env}, (error, stdout) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({exitCode, stdout, printed: stdout});
    });
  });
}
