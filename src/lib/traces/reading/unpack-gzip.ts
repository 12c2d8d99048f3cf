import {pipeline, Readable} from 'node:stream';
import {createGunzip} from 'node:zlib';

import {errorText, InputError} from '../../core/index.js';

/** The content of gzip data of any number of members. Throws InputError when they are cut short or damaged. */
export async function* unpackGzip(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  chunkBytes: number,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({chunkSize: chunkBytes});
  pipeline(Readable.from(pieces), gunzip, () => undefined);
  const unpacked: AsyncIterable<Buffer> = gunzip;
  try {
    yield* unpacked;
  } catch (error) {
    throw badGzip(name, error);
  }
}

function badGzip(name: string, error: unknown): InputError {
  const isCut = error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR';
  const [code, what] = isCut
    ? (['truncated-gzip', 'the gzip data end too early: the file was cut'] as const)
    : (['damaged-gzip', `the gzip data are damaged (${errorText(error)})`] as const);
  return new InputError(code, `${name}: ${what}; nothing was written`, {
    hints: ['copy it again from where it came; gzip -t FILE checks it'],
    cause: error,
  });
}
