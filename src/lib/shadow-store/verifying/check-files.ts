import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import path from 'node:path';

import {errorText, sum} from '../../core/index.js';
import {contentsOf, livePacks} from '../files/store-contents.js';
import {type Finding, findingOf, type Verification} from './verification.js';

export interface CheckedFiles {
  readonly count: number;
  readonly bytes: number;
  readonly findings: readonly Finding[];
  /** Files (relative to the store) that are not what was written. */
  readonly damaged: ReadonlySet<string>;
}

const NEWLINE = 10;

/** Reads every live data file and compares it with the size and the checksum in its manifest. */
export async function checkFiles(verification: Verification): Promise<CheckedFiles> {
  const {storePath, live, signal, onProgress} = verification;
  const packs = livePacks(contentsOf(live));
  const files = live.flatMap(({series, rejects, footprints}) => [
    ...series.map(({path: file, sizeBytes, sha256}) => ({file, sizeBytes, sha256})),
    ...(rejects ? [{file: rejects.path, ...rejects}] : []),
    ...(footprints && packs.has(footprints.path) ? [{file: footprints.path, ...footprints}] : []),
  ]);
  const total = sum(files.map(({sizeBytes}) => sizeBytes));
  const findings: Finding[] = [];
  const damaged = new Set<string>();
  let done = 0;
  for (const {file, ...stated} of files) {
    signal?.throwIfAborted();
    onProgress?.({stage: 'files', done, total});
    const fault = await faultOf(path.join(storePath, file), stated);
    if (fault !== undefined) {
      damaged.add(file);
      findings.push(findingOf(storePath, file, fault.code, fault.message));
    }
    done += stated.sizeBytes;
  }
  return {count: files.length, bytes: total, findings, damaged};
}

interface Fault {
  readonly code: string;
  readonly message: string;
}

async function faultOf(
  file: string,
  stated: {readonly sizeBytes: number; readonly sha256: string; readonly rows?: number},
): Promise<Fault | undefined> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let lines = 0;
  try {
    for await (const part of createReadStream(file, {highWaterMark: 2 ** 20})) {
      if (!(part instanceof Uint8Array)) continue;
      hash.update(part);
      sizeBytes += part.length;
      if (stated.rows === undefined) continue;
      for (let at = part.indexOf(NEWLINE); at >= 0; at = part.indexOf(NEWLINE, at + 1)) lines += 1;
    }
  } catch (error) {
    return {code: 'missing-file', message: `cannot be read: ${errorText(error)}`};
  }
  if (sizeBytes !== stated.sizeBytes) {
    return {code: 'wrong-size', message: `has ${sizeBytes} bytes, its manifest says ${stated.sizeBytes}`};
  }
  if (hash.digest('hex') !== stated.sha256) {
    return {code: 'wrong-checksum', message: 'its bytes are not those that were written (SHA-256 differs)'};
  }
  if (stated.rows === undefined || stated.rows === lines) return undefined;
  return {code: 'wrong-rows', message: `has ${lines} rejected rows, its manifest says ${stated.rows}`};
}
