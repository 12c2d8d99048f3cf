import {spawnSync} from 'node:child_process';

/**
 * Installs Debian packages where one of these programs is missing. Returns why it cannot, in words; undefined when all
 * programs are there.
 */
export function installPackages(
  programs: readonly string[],
  packages: readonly string[],
): string | undefined {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length === 0) return undefined;
  if (process.getuid?.() !== 0)
    return `${missing.join(', ')} is missing, and without root nothing can be installed`;
  if (!isThere('apt-get')) return `${missing.join(', ')} is missing, and there is no apt-get`;
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  for (const args of [['update', '-q'], install]) {
    const run = spawnSync('apt-get', args, {
      env: {...process.env, DEBIAN_FRONTEND: 'noninteractive'},
      encoding: 'utf8',
      timeout: 240_000,
    });
    if (run.status !== 0)
      return `apt-get ${args[0]} failed: ${(run.stderr || 'it took too long').trim().slice(-300)}`;
  }
  const stillMissing = programs.filter((program) => !isThere(program));
  return stillMissing.length === 0
    ? undefined
    : `${stillMissing.join(', ')} is missing after the installation`;
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
}
