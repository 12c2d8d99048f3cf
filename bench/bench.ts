/** What every bench gives: figures by the names that docs and README refer to, and a table for people. */
export interface BenchResult {
  readonly name: string;
  readonly figures: Readonly<Record<string, number>>;
  readonly table: readonly Readonly<Record<string, string | number>>[];
}

/** What a bench may be told on the command line; each takes what it needs. */
export interface BenchOptions {
  readonly rows?: number;
  readonly data?: string;
  /** Folder that a bench writes to, where it does. */
  readonly out?: string;
  readonly models?: string;
  /** Names of data sets, with commas. */
  readonly sets?: string;
  readonly volumes?: number;
  readonly days?: number;
  readonly runs?: number;
  /** Judge by the end of what is learned from instead of by the truth. */
  readonly heldOut?: boolean;
}
