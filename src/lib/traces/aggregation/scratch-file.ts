import {closeSync, mkdirSync, openSync, readSync, rmSync, writeSync} from 'node:fs';
import path from 'node:path';

import {errorText, invariant, TargetError} from '../../core/index.js';

/** Where something lies in a scratch file. */
export interface ScratchPlace {
  readonly offset: number;
  readonly length: number;
  /** Bytes up to what lies behind it. */
  readonly room: number;
}

/** Something that changes may grow by so much without being moved. */
const SLACK = 1.25;

/** A file for what does not fit into memory; it is made when it is first written to, and gone when it is closed. */
export class ScratchFile {
  private readonly file: string;
  private descriptor: number | undefined;
  private end = 0;

  /** `name` tells it from others in the folder. */
  constructor(folder: string, name: string) {
    this.file = path.join(folder, name);
  }

  /** Writes over what lies at `old` where there is room, else to the end. Throws TargetError when the disk refuses. */
  write(bytes: Uint8Array, old?: ScratchPlace): ScratchPlace {
    const place =
      old !== undefined && bytes.length <= old.room ? {...old, length: bytes.length} : this.append(bytes);
    const descriptor = this.open();
    this.guard(() => {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(descriptor, bytes, done, bytes.length - done, place.offset + done);
      }
    });
    return place;
  }

  read({offset, length}: ScratchPlace): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    const {descriptor} = this;
    invariant(descriptor !== undefined, 'what is read was written');
    this.guard(() => {
      for (let done = 0; done < length;) {
        const more = readSync(descriptor, bytes, done, length - done, offset + done);
        if (more === 0) throw new Error('it ends too early');
        done += more;
      }
    });
    return bytes;
  }

  /** What is written from now on goes over what was written before. */
  rewind(): void {
    this.end = 0;
  }

  close(): void {
    if (this.descriptor === undefined) return;
    closeSync(this.descriptor);
    this.descriptor = undefined;
    rmSync(this.file, {force: true});
  }

  private append({length}: Uint8Array): ScratchPlace {
    const place = {offset: this.end, length, room: Math.ceil(length * SLACK)};
    this.end += place.room;
    return place;
  }

  private open(): number {
    return this.guard(() => {
      if (this.descriptor !== undefined) return this.descriptor;
      mkdirSync(path.dirname(this.file), {recursive: true});
      return (this.descriptor = openSync(this.file, 'w+'));
    });
  }

  private guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new TargetError(
        'scratch-refused',
        `cannot use ${this.file}, for what exceeds --memory: ${errorText(error)}`,
        {
          hints: ['make room on that disk, or give it more --memory'],
          cause: error,
        },
      );
    }
  }
}
