import {Command, Errors, Flags, type Interfaces} from '@oclif/core';

import {configPath, readSettings} from './command-settings.js';
import {nearestName, parseFlag, parseInstantUs, UsageError} from './lib/core/index.js';
import {errorForPeople, errorJson, exitCodeOf, JSON_SCHEMA_VERSION} from './views/error-view.js';
import {setColour} from './views/paint.js';
import {startProgress, type Progress} from './views/progress.js';

const INTERRUPTS = ['SIGINT', 'SIGTERM'] as const;

/** What all commands share: --json, --quiet, where text goes, exit codes (DESIGN section 3), Ctrl-C. */
export abstract class BaseCommand<T extends typeof Command> extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    quiet: Flags.boolean({char: 'q', summary: 'print results and errors only', helpGroup: 'GLOBAL'}),
    verbose: Flags.boolean({
      summary: 'print more about what is done',
      helpGroup: 'GLOBAL',
      exclusive: ['quiet'],
    }),
    color: Flags.boolean({
      allowNo: true,
      default: true,
      summary: 'colours on a terminal',
      helpGroup: 'GLOBAL',
    }),
    config: Flags.string({
      summary: 'what flags are where nobody says them (./foreshadow.yaml, where it is there)',
      env: 'FORESHADOW_CONFIG',
      helpValue: 'FILE',
      helpGroup: 'GLOBAL',
    }),
  };

  protected flags!: Interfaces.InferredFlags<(typeof BaseCommand)['baseFlags'] & T['flags']>;
  protected args!: Interfaces.InferredArgs<T['args']>;
  /** Whether foreshadow.yaml sets its flags; not where the command is for mending that file. */
  protected readonly heedsConfigFile: boolean = true;
  /** How long a command may take to leave everything in order after Ctrl-C. */
  protected readonly graceAfterInterruptMs: number = 1000;
  private metadata: Interfaces.ParserOutput['metadata'] | undefined;
  private readonly abort = new AbortController();
  private readonly onInterrupt = (): void => {
    this.interrupt();
  };

  /** Aborted by Ctrl-C: hand it to everything that takes long. */
  protected get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** `foreshadow/0.1.0`, for the headers of artifacts. */
  protected get tool(): string {
    return `${this.config.name}/${this.config.version}`;
  }

  override async init(): Promise<void> {
    await super.init();
    this.argv = [...(await this.settings()), ...this.argv];
    const {args, flags, metadata} = await this.parse({
      flags: this.ctor.flags,
      baseFlags: (super.ctor as typeof BaseCommand).baseFlags,
      args: this.ctor.args,
      strict: this.ctor.strict,
      enableJsonFlag: this.ctor.enableJsonFlag,
    }).catch((error: unknown) => {
      throw withNearestFlag(error, Object.keys({...this.ctor.flags, ...BaseCommand.baseFlags}), this.id);
    });
    this.flags = withSwitches(flags, this.ctor.flags) as typeof this.flags;
    this.args = args as typeof this.args;
    this.metadata = metadata;
    setColour(wantsColour(this.flags.color && !this.jsonEnabled()));
    for (const name of INTERRUPTS) process.on(name, this.onInterrupt);
  }

  /** Whether a flag that has a default was written all the same, on the command line or in the environment. */
  protected isGiven(flag: string): boolean {
    // oclif marks only those that it filled in itself.
    return this.metadata !== undefined && this.metadata.flags[flag]?.setFromDefault !== true;
  }

  /** Now, or what --as-of says: lib never reads the clock itself. */
  protected nowUs(asOf: string | undefined): number {
    return asOf === undefined
      ? Date.now() * 1000
      : parseFlag('as-of', asOf, parseInstantUs, '2026-11-23T00:00:00Z');
  }

  /** Text for people, on stdout; nothing under --json. */
  protected print(text: string): void {
    if (!this.jsonEnabled()) this.log(text);
  }

  /** A remark beside the result, on stderr; nothing under --quiet or --json. */
  protected note(text: string): void {
    if (!this.jsonEnabled() && !this.flags.quiet) this.logToStderr(text);
  }

  /** A spinner on stderr, silent unless stderr is a terminal. */
  protected async progress(label: string): Promise<Progress> {
    return startProgress(
      label,
      process.stderr.isTTY && !process.env['CI'] && !this.jsonEnabled() && !this.flags.quiet,
    );
  }

  protected override toSuccessJson(result: unknown): unknown {
    return {schemaVersion: JSON_SCHEMA_VERSION, command: this.id, ...(result as object)};
  }

  protected override toErrorJson(thrown: unknown): unknown {
    return errorJson(this.id, thrown);
  }

  protected override async catch(thrown: Error): Promise<unknown> {
    process.exitCode = this.signal.aborted ? 130 : exitCodeOf(thrown);
    if (this.jsonEnabled()) return super.catch(thrown);
    process.stderr.write(`${this.signal.aborted ? 'interrupted' : errorForPeople(thrown)}\n`);
    return undefined;
  }

  protected override async finally(thrown: Error | undefined): Promise<void> {
    for (const name of INTERRUPTS) process.off(name, this.onInterrupt);
    await super.finally(thrown);
  }

  private settings(): Promise<readonly string[]> {
    const path = this.heedsConfigFile ? configPath(this.argv) : undefined;
    return readSettings(this.config, {id: this.id ?? '', argv: this.argv, path});
  }

  private interrupt(): void {
    if (this.signal.aborted) process.exit(130);
    this.abort.abort();
    setTimeout(() => process.exit(130), this.graceAfterInterruptMs).unref();
  }
}

/** A switch that was not given is off; oclif leaves it out, which its types do not say. */
function withSwitches(given: object, flags: Partial<Command.Class['flags']> = {}): object {
  const off = Object.entries(flags).flatMap(([name, flag]) =>
    flag?.type === 'boolean' && !flag.allowNo ? [[name, false] as const] : [],
  );
  return {...Object.fromEntries(off), ...given};
}

/** oclif names a flag that is none; people want to know which they meant. */
function withNearestFlag(error: unknown, known: readonly string[], id = ''): unknown {
  const unknown: unknown = error instanceof Errors.CLIError ? Reflect.get(error, 'flags') : undefined;
  const [first] = Array.isArray(unknown) && unknown.every((flag) => typeof flag === 'string') ? unknown : [];
  if (first === undefined) return error;
  const command = id.replaceAll(':', ' ');
  const nearest = nearestName(first.replace(/^-+/, ''), known);
  const hints = [nearest === undefined ? `foreshadow ${command} --help` : `--${nearest}`];
  return new UsageError('no-such-flag', `${command} has no flag ${first}`, {hints, cause: error});
}

function wantsColour(allowed: boolean): boolean {
  const {NO_COLOR, TERM, FORCE_COLOR} = process.env;
  if (!allowed || NO_COLOR || TERM === 'dumb') return false;
  return process.stdout.isTTY || (FORCE_COLOR !== undefined && FORCE_COLOR !== '0');
}
