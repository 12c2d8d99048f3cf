/** Where a program that is run as an interceptor writes its log: a pipe that it inherits. */
export const LOG_PATH = '/dev/fd/3';

/** What a run of an interceptor is told. */
export interface InterceptorChoice {
  /** Numbers of block devices as the kernel has them: major << 20 | minor. */
  readonly deviceNumbers: readonly number[];
  /** Arguments of the program itself, as the user wrote them. */
  readonly programArguments: readonly string[];
}

/** A program that logs what requests are made on a host, and how it is run so that its log can be read live. */
export interface Interceptor {
  /** One line for help. */
  readonly summary: string;
  /** Looked up in PATH. */
  readonly program: string;
  /** Debian packages that hold it. */
  readonly packages: readonly string[];
  /** Why it must be root; absent where it need not be. */
  readonly whyRoot?: string;
  /** What says which requests are seen: devices of the kernel, or arguments of the program. */
  readonly takes: 'devices' | 'arguments';
  /** An example of them, for the error when there are none. */
  readonly example: string;
  /** The trace format of its log. */
  readonly format: string;
  /** What the times of the log are relative to; absent where they are not. */
  readonly relativeTo?: 'boot' | 'start';
  /** Environment that it needs beside ours. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Its command line, which makes it log to LOG_PATH. Throws UsageError for a choice that cannot be logged. */
  readonly commandLine: (choice: InterceptorChoice) => readonly string[];
}
