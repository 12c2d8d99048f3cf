import {BYTE, MAX_NAME_BYTES, type RowCursor} from './row-cursor.js';
import {VolumeColumn} from './volume-column.js';

/** The row was not read: the cursor's reason says why, or more input is needed. */
export const BAD_VOLUME = -1;
export const MORE_NEEDED = -2;

const QUOTED = /^"((?:[^"]|"")*)"$/;

/**
 * Reads the first field of a CSV row as a volume's name. It may be quoted as in RFC 4180 ("" for a quote in it), and
 * may then hold anything but NUL, newlines included, up to 4096 bytes. Returns the volume's number, BAD_VOLUME or
 * MORE_NEEDED. A quote that is not closed within that length spoils its own line only.
 */
export function createCsvVolume(
  indexOfVolume: (name: string) => number,
): (cursor: RowCursor, field: string) => number {
  const volumes = new VolumeColumn(indexOfVolume, {fields: 1, toName: unquote, expected: 'a name'});
  return (cursor, field) =>
    cursor.bytes[cursor.at] === BYTE.quote ? readQuoted(cursor, field, volumes) : volumes.read(cursor, field);
}

function readQuoted(cursor: RowCursor, field: string, volumes: VolumeColumn): number {
  const {bytes, end} = cursor;
  const limit = cursor.at + MAX_NAME_BYTES + 2;
  const closing = closingQuote(cursor, Math.min(end, limit));
  if (closing >= end && closing < limit && !cursor.isLast) return MORE_NEEDED;
  if (closing >= end || closing >= limit) {
    cursor.fail(`${field} begins with a quote that is not closed within ${MAX_NAME_BYTES} bytes`);
    return BAD_VOLUME;
  }
  if (bytes[closing + 1] !== BYTE.comma) {
    cursor.fail(`${field} is quoted, and a comma does not follow the closing quote`);
    return BAD_VOLUME;
  }
  for (let at = cursor.at; at < closing; at += 1) if (bytes[at] === BYTE.newline) cursor.extraLines += 1;
  return volumes.readQuoted(cursor, field, closing + 1);
}

/** Where the quote that is not doubled stands, or a place at or behind `limit`. */
function closingQuote({bytes, at: start}: RowCursor, limit: number): number {
  let at = start + 1;
  while (at < limit) {
    if (bytes[at] !== BYTE.quote) at += 1;
    else if (bytes[at + 1] === BYTE.quote) at += 2;
    else return at;
  }
  return at;
}

function unquote(text: string): string | undefined {
  return text.startsWith('"') ? QUOTED.exec(text)?.[1]?.replaceAll('""', '"') : text;
}
