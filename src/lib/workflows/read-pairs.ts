import {parse} from 'csv-parse/sync';

import {type Diagnostic, errorText, InputError, readText} from '../core/index.js';

/** A table of two columns, and how its faults are told. */
export interface PairTable {
  readonly header: readonly [string, string];
  /** Code of the error as a whole, and of each line that cannot be used. */
  readonly code: string;
  readonly lineCode: string;
  /** What a line is like. */
  readonly hint: string;
}

/**
 * Reads a CSV file of two columns. `take` gets each line and says what is wrong with it, if anything. Throws InputError
 * that lists every line that cannot be used.
 */
export async function readPairs(
  file: string,
  {header, code, lineCode, hint}: PairTable,
  take: (first: string, second: string) => string | undefined,
): Promise<void> {
  const [top, ...lines] = parseLines(await readText(file), file, code);
  const faults: Diagnostic[] = [];
  const refuse = (line: number, message: string): void => {
    faults.push({severity: 'error', code: lineCode, at: `${file}:${line}`, message});
  };
  if (top?.record.join(',') !== header.join(',')) refuse(1, `the header is not ${header.join(',')}`);
  for (const {line, record} of lines) {
    const [first = '', second = ''] = record;
    const fault = record.length === 2 ? take(first, second) : `${record.length} fields instead of 2`;
    if (fault !== undefined) refuse(line, fault);
  }
  const [first] = faults;
  if (first === undefined) return;
  throw new InputError(code, `${first.at ?? file}: ${first.message}`, {
    diagnostics: faults.length > 1 ? faults : [],
    hints: [`${hint}, and the first is ${header.join(',')}`],
  });
}

interface Line {
  readonly line: number;
  readonly record: readonly string[];
}

function parseLines(text: string, file: string, code: string): readonly Line[] {
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
    throw new InputError(code, `${file} is not a CSV file: ${errorText(error)}`);
  }
}
