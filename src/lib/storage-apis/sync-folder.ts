import {open} from 'node:fs/promises';

/** Makes the names in a folder last through a power cut, as fsync of a file makes its bytes. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
