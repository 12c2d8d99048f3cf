import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {mkdir, open, rename, rm} from 'node:fs/promises';
import path from 'node:path';

const WRITE_BYTES = 2 ** 20;

/** One change that is about to be made to the disk. */
export interface FileOperation {
  readonly action: 'make-folder' | 'write' | 'copy' | 'seal' | 'rename' | 'sync-folder' | 'remove';
  readonly path: string;
}

export interface FileDigest {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Changes to the disk that survive a power cut once they have returned. */
export interface DurableFiles {
  /** Told before each operation; what it throws stops the operation. */
  readonly announce: (operation: FileOperation) => void;
  makeFolder(folder: string): Promise<void>;
  /** Writes a new file, or all of an old one, and flushes it. */
  write(file: string, parts: Iterable<Uint8Array>): Promise<FileDigest>;
  /** Flushes a file that somebody else wrote. */
  seal(file: string): Promise<FileDigest>;
  rename(from: string, to: string): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(folder: string): Promise<void>;
  /** Nothing happens when it is not there. */
  remove(file: string): Promise<void>;
}

/** Real files, each operation announced first (which is how tests kill a writer at any moment). */
export function createDurableFiles(announce: (operation: FileOperation) => void): DurableFiles {
  return {
    announce,
    makeFolder: async (folder) => {
      announce({action: 'make-folder', path: folder});
      await mkdir(folder, {recursive: true});
    },
    write: async (file, parts) => {
      announce({action: 'write', path: file});
      return writeFlushed(file, parts);
    },
    seal: async (file) => {
      announce({action: 'seal', path: file});
      return flush(file);
    },
    rename: async (from, to) => {
      announce({action: 'rename', path: to});
      await rename(from, to);
    },
    syncFolder: async (folder) => {
      announce({action: 'sync-folder', path: folder});
      await syncFolder(folder);
    },
    remove: async (file) => {
      announce({action: 'remove', path: file});
      await rm(file, {force: true, recursive: true});
    },
  };
}

/** The folders that hold the files, and their parents up to `root`, each once, deepest first. */
export function foldersOf(root: string, relativePaths: readonly string[]): readonly string[] {
  const folders = new Set<string>(['.']);
  for (const relativePath of relativePaths) {
    for (let folder = path.posix.dirname(relativePath); folder !== '.'; folder = path.posix.dirname(folder)) {
      folders.add(folder);
    }
  }
  const deepestFirst = [...folders].sort((left, right) => right.length - left.length);
  return deepestFirst.map((folder) => path.join(root, folder));
}

async function writeFlushed(file: string, parts: Iterable<Uint8Array>): Promise<FileDigest> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const handle = await open(file, 'w');
  try {
    for (const part of gathered(parts)) {
      await handle.writeFile(part);
      hash.update(part);
      sizeBytes += part.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return {sizeBytes, sha256: hash.digest('hex')};
}

/** Small parts joined, so that a hundred thousand of them are not as many writes. */
function* gathered(parts: Iterable<Uint8Array>): Generator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for (const part of parts) {
    waiting.push(part);
    waitingBytes += part.length;
    if (waitingBytes < WRITE_BYTES) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
  }
  yield Buffer.concat(waiting);
}

async function flush(file: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const part of createReadStream(file)) {
    if (!(part instanceof Uint8Array)) continue;
    hash.update(part);
    sizeBytes += part.length;
  }
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  return {sizeBytes, sha256: hash.digest('hex')};
}

/** Systems that cannot open or flush a folder (Windows, some network disks) make names durable by themselves. */
const FOLDER_CANNOT_SYNC = new Set(['EISDIR', 'EPERM', 'EINVAL', 'ENOTSUP']);

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!FOLDER_CANNOT_SYNC.has(code)) throw error;
  }
}
