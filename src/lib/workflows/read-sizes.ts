import {parse} from 'csv-parse/sync';

import {type Diagnostic, errorText, InputError, parseBytes, readText} from '../core/index.js';

const HEADER = ['volume', 'provisioned_bytes'];

/**
 * The sizes of volumes, in bytes by name, of a CSV file with the header `volume,provisioned_bytes`; a size may have a
 * unit, as 100GiB. Throws InputError that lists every line that cannot be used.
 */
export async function readSizes(file: string): Promise<ReadonlyMap<string, number>> {
  const [header, ...lines] = parseLines(await readText(file), file);
  const faults: Diagnostic[] = [];
  const refuse = (line: number, message: string): void => {
    faults.push({severity: 'error', code: 'bad-size', at: `${file}:${line}`, message});
  };
  if (header?.record.join(',') !== HEADER.join(',')) refuse(1, `the header is not ${HEADER.join(',')}`);
  const sizes = new Map<string, number>();
  for (const {line, record} of lines) {
    const [volume = '', size = ''] = record;
    const bytes = parseBytes(size);
    if (record.length !== HEADER.length) refuse(line, `${record.length} fields instead of ${HEADER.length}`);
    else if (sizes.has(volume)) refuse(line, `volume ${JSON.stringify(volume)} is there already`);
    else if (bytes === undefined) refuse(line, `provisioned_bytes is no size: ${JSON.stringify(size)}`);
    else sizes.set(volume, bytes);
  }
  const [first] = faults;
  if (first === undefined) return sizes;
  throw new InputError('bad-sizes', `${first.at ?? file}: ${first.message}`, {
    diagnostics: faults.length > 1 ? faults : [],
    hints: [`a line is like vol-7,100GiB, and the first is ${HEADER.join(',')}`],
  });
}

interface Line {
  readonly line: number;
  readonly record: readonly string[];
}

function parseLines(text: string, file: string): readonly Line[] {
  const lines: Line[] = [];
  try {
    parse(text, {
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (record: readonly string[], {lines: line}) => {
        lines.push({line, record});
        return null;
      },
    });
    return lines;
  } catch (error) {
    throw new InputError('bad-sizes', `${file} is not a CSV file: ${errorText(error)}`);
  }
}
