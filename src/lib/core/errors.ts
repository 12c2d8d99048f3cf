/** One thing wrong with an input: what, where, and what to do about it. Collected, then reported together. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** Stable, kebab-case: what a script may match on. */
  readonly code: string;
  readonly message: string;
  /** Where: `file:line`, `hosts[3].capacity`, a volume's or boundary's name. */
  readonly at?: string;
  /** What to do. */
  readonly advice?: string;
}

/** The exit codes of DESIGN section 3 that an error can carry (0, 7 and 130 are not errors of ours). */
export type ErrorExitCode = 2 | 3 | 4 | 5 | 6;

interface ToolErrorOptions {
  readonly hints?: readonly string[];
  readonly diagnostics?: readonly Diagnostic[];
  readonly cause?: unknown;
}

/** An error that its reader can act on. Anything else that is thrown is a bug of ours and exits with 1. */
export class ToolError extends Error {
  readonly code: string;
  readonly exitCode: ErrorExitCode;
  readonly hints: readonly string[];
  readonly diagnostics: readonly Diagnostic[];

  constructor(exitCode: ErrorExitCode, code: string, message: string, options: ToolErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : {cause: options.cause});
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
    this.hints = options.hints ?? [];
    this.diagnostics = options.diagnostics ?? [];
  }
}

/** Exit 2: wrong usage or configuration. */
export class UsageError extends ToolError {
  constructor(code: string, message: string, options?: ToolErrorOptions) {
    super(2, code, message, options);
  }
}

/** Exit 3: input data cannot be used. The message names file, line, field and value. */
export class InputError extends ToolError {
  constructor(code: string, message: string, options?: ToolErrorOptions) {
    super(3, code, message, options);
  }
}

/** Exit 4: a check failed (plan infeasible, promise not kept, drift). */
export class CheckError extends ToolError {
  constructor(code: string, message: string, options?: ToolErrorOptions) {
    super(4, code, message, options);
  }
}

/** Exit 5: the plan is stale, or somebody else holds the lock. */
export class StaleError extends ToolError {
  constructor(code: string, message: string, options?: ToolErrorOptions) {
    super(5, code, message, options);
  }
}

/** Exit 6: the storage API or the store could not be reached, or refused. */
export class TargetError extends ToolError {
  constructor(code: string, message: string, options?: ToolErrorOptions) {
    super(6, code, message, options);
  }
}

/** Throws a bug (exit 1) when something that this program guarantees does not hold. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${message}`);
}

/** The text of anything that was thrown. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
