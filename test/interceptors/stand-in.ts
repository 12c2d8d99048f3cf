import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {onTestFinished} from 'vitest';

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-interceptors-test-'));
  onTestFinished(() => rm(folder, {recursive: true, force: true}));
  return folder;
}

/**
 * A folder with a program of this name, to be put first in PATH. The script has `$log`, where its arguments told it to
 * write, and fails when they did not.
 */
export async function standIn(program: string, script: string): Promise<string> {
  const folder = await temporaryFolder();
  const file = path.join(folder, program);
  const findLog = `case "$*" in */dev/fd/3*) log=/dev/fd/3 ;; *) echo "no log in: $*" >&2; exit 64 ;; esac`;
  await writeFile(file, `#!/bin/sh\n${findLog}\n${script}\n`);
  await chmod(file, 0o755);
  return folder;
}
