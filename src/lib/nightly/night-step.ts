/** A command to run, as its words. */
export interface NightCall {
  /** `['plan', '--out', 'nightly/plan.json']`, without `--json`. */
  readonly argv: readonly string[];
  /** Where its JSON document is kept. */
  readonly out?: string | undefined;
  /** What the document says of why a check failed. */
  readonly whyFailed?: ((document: unknown) => string | undefined) | undefined;
}

/** What a command said. */
export interface NightAnswer {
  readonly exitCode: number;
  /** The JSON document that it printed. */
  readonly document: unknown;
  readonly text: string;
}

/** What a step is about to do: nothing, for a reason; or some calls, unless nothing that they read has changed. */
export type Prepared =
  | {readonly kind: 'leave-out'; readonly why: string}
  | {
      readonly kind: 'run';
      readonly why?: string | undefined;
      readonly calls: readonly NightCall[];
      /** What they read, by name: hashes, ids, settings. The same again, and their results are there already. */
      readonly inputs: Readonly<Record<string, unknown>>;
      /** What they ask may have changed though none of the inputs did: never passed over. */
      readonly asksOutside?: boolean | undefined;
      /** Files that they write. */
      readonly outputs: readonly string[];
    };

/** One step of the night; it is prepared when those before it are done. */
export interface NightStep {
  readonly name: string;
  readonly prepare: () => Promise<Prepared>;
}

/** How a step went. `unchanged`: its inputs are those of its last run, whose results are still there. */
export type StepStatus = 'done' | 'unchanged' | 'left-out' | 'failed' | 'not-run';

export interface StepOutcome {
  readonly name: string;
  readonly status: StepStatus;
  /** Of its last run: 0, 4 where a check failed, 7 where changes are pending, or that of the error that ended the night. */
  readonly exitCode: number;
  /** Why it ran or not, and what went wrong. */
  readonly why?: string | undefined;
  readonly outputs: readonly string[];
}
