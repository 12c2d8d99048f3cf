import {execFileSync, spawnSync} from 'node:child_process';

/**
 * Installs Debian packages whose commands are missing, where this process is root; downloads what it installs.
 * Undefined when all commands are there then, else the reason in words.
 */
export function installMissing(
  commands: readonly string[],
  packages: readonly string[],
  {recommends = false} = {},
): string | undefined {
  const missing = (): readonly string[] => commands.filter((command) => !isInstalled(command));
  if (missing().length === 0) return undefined;
  const byHand = `apt-get install ${packages.join(' ')}`;
  if (process.getuid?.() !== 0) return `not installed: ${missing().join(', ')} (${byHand}), and not root`;
  if (!isInstalled('apt-get')) return `not installed: ${missing().join(', ')}, and there is no apt-get`;
  const env = {...process.env, DEBIAN_FRONTEND: 'noninteractive'};
  const extra = recommends ? [] : ['--no-install-recommends'];
  try {
    execFileSync('apt-get', ['update', '-qq'], {env, stdio: 'pipe'});
    execFileSync('apt-get', ['install', '-y', '-qq', ...extra, ...packages], {env, stdio: 'pipe'});
  } catch (error) {
    return `${byHand} failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  return missing().length === 0 ? undefined : `still not installed: ${missing().join(', ')}`;
}

function isInstalled(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}
