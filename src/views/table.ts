import {paint} from './paint.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Never narrowed: its cells would say nothing in two lines. */
  readonly isWhole?: boolean;
}

/** Control characters would let a volume's name move the cursor or colour the screen: shown as their code instead. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A name from outside, safe to print in one line. */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * A table: with rules on a terminal, fitted to its width; when piped, plain columns two spaces apart without rules.
 */
export async function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): Promise<string> {
  const {default: Table} = await import('cli-table3');
  const safeRows = rows.map((row) => row.map(printable));
  const isTerminal = process.stdout.isTTY;
  const table = new Table({
    head: columns.map(({title}) => title),
    colAligns: columns.map(({align}) => align ?? 'left'),
    style: {
      head: [],
      border: [],
      compact: true,
      'padding-left': isTerminal ? 1 : 0,
      'padding-right': isTerminal ? 1 : 2,
    },
    ...(isTerminal ? fitted(columns, safeRows) : {chars: NO_RULES}),
  });
  table.push(...safeRows.map((row) => [...row]));
  const text = table.toString().replace(/ +$/gm, '');
  return isTerminal ? withStrongHead(text) : text;
}

/** The titles are painted last: the table would count escape sequences as letters, and break titles that fit. */
function withStrongHead(table: string): string {
  const lines = table.split('\n');
  const body = lines.findIndex((line) => line.startsWith('├'));
  return lines
    .map((line, index) =>
      index > 0 && index < body ? line.replace(/[^│]+/g, (cell) => paint.strong(cell)) : line,
    )
    .join('\n');
}

const NO_RULES = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((place) =>
    ['', '-mid', '-left', '-right'].map((part): [string, string] => [`${place}${part}`, '']),
  ),
);
NO_RULES['middle'] = '';

/** Narrows the widest columns until the table fits the terminal; long cells then wrap. */
function fitted(columns: readonly Column[], rows: readonly (readonly string[])[]): object {
  const widths = columns.map(({title}, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const budget = (process.stdout.columns || 80) - 3 * columns.length - 1;
  const flexible = (): number => Math.max(...widths.filter((_, column) => columns[column]?.isWhole !== true));
  while (widths.reduce((total, width) => total + width, 0) > budget && flexible() > 6) {
    const widest = widths.findIndex(
      (width, column) => width === flexible() && columns[column]?.isWhole !== true,
    );
    widths[widest] = flexible() - 1;
  }
  return {colWidths: widths.map((width) => width + 2), wordWrap: true, wrapOnWordBoundary: false};
}
