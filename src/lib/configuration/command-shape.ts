/** What a flag of a command takes, as far as a configuration file needs to know it. */
export interface FlagShape {
  readonly type: 'boolean' | 'option';
  readonly summary: string;
  /** The only values that it takes. */
  readonly options?: readonly string[] | undefined;
  /** Whether it may be given several times. */
  readonly multiple: boolean;
  readonly char?: string | undefined;
  /** Whether `--no-NAME` switches it off. */
  readonly allowNo: boolean;
  /** Its variable in the environment, where it has one of its own. */
  readonly env?: string | undefined;
  /** Flags that cannot be given beside it. */
  readonly exclusive: readonly string[];
  /** What it is when nobody says anything, as text. */
  readonly defaultText?: string | undefined;
}

/** A command and its flags. */
export interface CommandShape {
  /** `plan`, `store compact` */
  readonly command: string;
  readonly flags: Readonly<Record<string, FlagShape>>;
}

/** Consent, and what makes a call another one: said each time, never kept in a file or in the environment. */
const SAID_EACH_TIME =
  /^(json|help|yes|force|config|resolved|release|rollback|check|render|dry-run|none|allow-.*)$/;

/** Whether a configuration file and `FORESHADOW_*` may set a flag. */
export function isSettable(flag: string): boolean {
  return !SAID_EACH_TIME.test(flag);
}

/** The variable of the environment that sets a flag: `FORESHADOW_RECOVERY_RATE`. */
export function variableOf(flag: string, shape: FlagShape): string {
  return shape.env ?? `FORESHADOW_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * Flags that may stand at the top of a configuration file, where they hold for every command that has them: those that
 * mean the same in several commands (`takesTheSame`). Where another command has one of the same name that means something
 * else, that one stands in the command's own section.
 */
export function sharedFlags(commands: readonly CommandShape[]): ReadonlyMap<string, FlagShape> {
  const names = new Set(commands.map(({command}) => command));
  const found = new Map<string, FlagShape[]>();
  for (const {flags} of commands) {
    for (const [name, shape] of Object.entries(flags)) {
      if (isSettable(name) && !names.has(name)) found.set(name, [...(found.get(name) ?? []), shape]);
    }
  }
  return new Map(
    [...found].flatMap(([name, shapes]) => {
      const alike = shapes.map((shape) => shapes.filter((other) => takesTheSame(shape, other)));
      const [most = []] = alike.toSorted((left, right) => right.length - left.length);
      const [first] = most;
      return first === undefined || most.length < 2 ? [] : [[name, first] as const];
    }),
  );
}

/** Whether two flags of one name mean the same: by what they take, by their default, and by their variable. */
export function takesTheSame(left: FlagShape, right: FlagShape): boolean {
  return meaningOf(left) === meaningOf(right);
}

function meaningOf({type, multiple, env = '', options = [], defaultText = ''}: FlagShape): string {
  return JSON.stringify([type, multiple, env, options, defaultText]);
}
