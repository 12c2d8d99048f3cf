import {Errors} from '@oclif/core';

import {errorText, ToolError} from '../lib/core/index.js';
import {paint} from './paint.js';

/** Version of every document that --json prints; adding a field does not change it. */
export const JSON_SCHEMA_VERSION = 1;

/** The exit code of anything thrown: ours, oclif's (usage, 2), or 1 for a bug. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof ToolError) return thrown.exitCode;
  if (thrown instanceof Errors.CLIError) return thrown.oclif.exit ?? 2;
  return 1;
}

/** The one document that --json prints for an error. */
export function errorJson(command: string | undefined, thrown: unknown): object {
  return {schemaVersion: JSON_SCHEMA_VERSION, command, error: describeError(thrown)};
}

function describeError(thrown: unknown): object {
  if (thrown instanceof ToolError) {
    const {code, exitCode, message, hints, diagnostics} = thrown;
    return {code, exitCode, message, hints, diagnostics};
  }
  const exitCode = exitCodeOf(thrown);
  return {
    code: exitCode === 2 ? 'usage' : 'bug',
    exitCode,
    message: errorText(thrown),
    hints: [],
    diagnostics: [],
  };
}

/** What is wrong, where, and what to try; a stack only for bugs and only under DEBUG. */
export function errorForPeople(thrown: unknown): string {
  if (thrown instanceof ToolError) {
    // The only one is often what the error says already.
    const isSaid = ({at, message, advice}: (typeof thrown.diagnostics)[number]): boolean =>
      advice === undefined && thrown.message === `${at === undefined ? '' : `${at}: `}${message}`;
    const told =
      thrown.diagnostics.length === 1 ? thrown.diagnostics.filter((one) => !isSaid(one)) : thrown.diagnostics;
    const details = told.slice(0, 20).map(({severity, at, message, advice}) => {
      return `  ${severity}: ${at === undefined ? '' : `${at}: `}${message}${advice === undefined ? '' : ` (${advice})`}`;
    });
    const more = told.length - details.length;
    const rest = more > 0 ? [`  and ${more} more (--json lists all)`] : [];
    const hints = thrown.hints.map((hint) => `  try: ${hint}`);
    return [`${paint.bad('error:')} ${thrown.message}`, ...details, ...rest, ...hints].join('\n');
  }
  if (thrown instanceof Errors.CLIError) return `${paint.bad('error:')} ${thrown.message}`;
  const stack = process.env['DEBUG'] && thrown instanceof Error ? `\n${thrown.stack ?? ''}` : '';
  const where = 'this is a bug of foreshadow; run again with DEBUG=1 for the stack';
  return `${paint.bad('bug:')} ${errorText(thrown)}\n  ${where}${stack}`;
}
