import {readdir, stat} from 'node:fs/promises';
import path from 'node:path';

import {hashesOf} from '../nightly/index.js';

/** Files as size and time of last change, by path: enough to tell that nothing happened to logs of gigabytes. */
export async function fileStates(paths: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const states = paths.map(async (place) => {
    const state = await stat(place).catch(() => undefined);
    return [place, state === undefined ? 'missing' : `${state.size} ${state.mtimeMs}`] as const;
  });
  return Object.fromEntries(await Promise.all(states));
}

/** The hash of a topology's file, or of each table in its folder. */
export async function topologyHashes(place: string): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(place).catch(() => undefined);
  return hashesOf(names === undefined ? [place] : names.sort().map((name) => path.join(place, name)));
}
