import {readdir} from 'node:fs/promises';
import path from 'node:path';

import {errorText, InputError, parseInstantUs} from '../core/index.js';
import {readJournal} from './journal.js';

/**
 * When each host's buffer was last changed, epoch microseconds, by the journals of all plans applied to a target; empty
 * when there is no such folder. Throws InputError that names file and line when one cannot be read.
 */
export async function readLastChanges(journalFolder: string): Promise<ReadonlyMap<string, number>> {
  const changedAtUs = new Map<string, number>();
  for (const name of await listJournals(journalFolder)) {
    const hostsOf = new Map<string, readonly string[]>();
    for (const record of await readJournal(path.join(journalFolder, name))) {
      if (record.event === 'begin')
        for (const {setting, hosts} of record.changes) hostsOf.set(setting, hosts);
      if (record.event !== 'after') continue;
      const atUs = parseInstantUs(record.at) ?? 0;
      for (const host of hostsOf.get(record.setting) ?? [])
        changedAtUs.set(host, Math.max(atUs, changedAtUs.get(host) ?? atUs));
    }
  }
  return changedAtUs;
}

async function listJournals(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new InputError('cannot-read', `cannot read ${folder}: ${errorText(error)}`, {cause: error});
  }
}
