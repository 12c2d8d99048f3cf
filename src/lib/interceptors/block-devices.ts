import {readdir, readFile, realpath} from 'node:fs/promises';
import path from 'node:path';

import {type Diagnostic, UsageError} from '../core/index.js';

/** A block device, as it was told and as the kernel knows it. */
export interface BlockDevice {
  /** As it was told, without `/dev/`. */
  readonly name: string;
  /** `major,minor`, as logs of the block layer have it. */
  readonly numbers: string;
  /** major << 20 | minor, as the kernel has it. */
  readonly number: number;
}

const SYSFS_BLOCK = '/sys/class/block';
const NUMBERS = /^(\d+)[,:](\d+)$/;

/**
 * Finds block devices by name (`sda`), path (`/dev/disk/by-id/...`) or numbers (`8,0`). Throws UsageError that lists
 * every one that is not there, and those that are.
 */
export async function findBlockDevices(
  told: readonly string[],
  sysfsBlock = SYSFS_BLOCK,
): Promise<readonly BlockDevice[]> {
  const found = await Promise.all(told.map(async (text) => findDevice(text, sysfsBlock)));
  const unknown = told.filter((_, place) => found[place] === undefined);
  if (unknown.length > 0) throw await noSuchDevice(unknown, sysfsBlock);
  return found.filter((device) => device !== undefined);
}

async function findDevice(told: string, sysfsBlock: string): Promise<BlockDevice | undefined> {
  const direct = NUMBERS.exec(told);
  if (direct !== null) return describe(told.replace(':', ','), direct);
  const file = path.isAbsolute(told) ? told : path.join('/dev', told);
  const kernelName = path.basename(await realpath(file).catch(() => file));
  const numbers = await readFile(path.join(sysfsBlock, kernelName, 'dev'), 'utf8').catch(() => '');
  return describe(told.replace(/^\/dev\//, ''), NUMBERS.exec(numbers.trim()));
}

function describe(name: string, numbers: RegExpExecArray | null): BlockDevice | undefined {
  if (numbers === null) return undefined;
  const [major, minor] = [Number(numbers[1]), Number(numbers[2])];
  return {name, numbers: `${major},${minor}`, number: major * 2 ** 20 + minor};
}

async function noSuchDevice(unknown: readonly string[], sysfsBlock: string): Promise<UsageError> {
  const names = await readdir(sysfsBlock).catch(() => []);
  const diagnostics = unknown.map((name): Diagnostic => ({
    severity: 'error',
    code: 'no-device',
    at: name,
    message: 'is no block device',
  }));
  return new UsageError('no-device', `--device ${unknown[0] ?? ''}: there is no such block device`, {
    diagnostics: diagnostics.length > 1 ? diagnostics : [],
    hints: names.length > 0 ? [`there are ${names.sort().join(', ')}`] : ['lsblk lists them'],
  });
}
