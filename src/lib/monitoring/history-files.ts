import {existsSync} from 'node:fs';
import {readdir, rm} from 'node:fs/promises';
import path from 'node:path';

import {errorText, InputError, writeFileAtomically} from '../core/index.js';
import {besideStore, isClickHouseUrl} from '../shadow-store/index.js';

/** Folders of the history. */
export type HistoryFolder = 'forecasts' | 'scores' | 'verdicts' | 'plans' | 'topologies' | 'promises';

/** A change that is about to be made to the history. */
export interface HistoryChange {
  readonly action: 'write' | 'remove';
  readonly path: string;
}

/** The history of a store: files by folder, each written wholly or not at all. */
export interface HistoryFiles {
  pathOf(folder: HistoryFolder, name: string): string;
  has(folder: HistoryFolder, name: string): boolean;
  /** Names that end like this, in order; none where the folder is not there. */
  list(folder: HistoryFolder, ending: string): Promise<readonly string[]>;
  write(folder: HistoryFolder, name: string, content: string | Uint8Array): Promise<void>;
  remove(folder: HistoryFolder, name: string): Promise<void>;
}

/** Where the history of a store is: in its folder, and of a store in ClickHouse where its models are. */
export function historyFolderOf(storePath: string): string {
  const beside = besideStore(storePath);
  return isClickHouseUrl(storePath) ? `${beside}-monitor` : path.join(beside, 'monitor');
}

/** The history of a store. `onChange` is told before each change; what it throws stops that. Throws TargetError when the disk refuses. */
export function openHistory(
  storePath: string,
  onChange: (change: HistoryChange) => void = () => undefined,
): HistoryFiles {
  const root = historyFolderOf(storePath);
  const pathOf = (folder: HistoryFolder, name: string): string => path.join(root, folder, name);
  return {
    pathOf,
    has: (folder, name) => existsSync(pathOf(folder, name)),
    list: (folder, ending) => listFiles(path.join(root, folder), ending),
    write: async (folder, name, content) => {
      onChange({action: 'write', path: pathOf(folder, name)});
      await writeFileAtomically(pathOf(folder, name), content);
    },
    remove: async (folder, name) => {
      onChange({action: 'remove', path: pathOf(folder, name)});
      await rm(pathOf(folder, name), {force: true});
    },
  };
}

async function listFiles(folder: string, ending: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(ending)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new InputError('cannot-read', `cannot read ${folder}: ${errorText(error)}`, {cause: error});
  }
}
