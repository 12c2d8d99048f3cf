/** What a command shows while it works. */
export interface Progress {
  update(text: string): void;
  /** Ends it; on a terminal the line disappears. */
  stop(): void;
}

/** A spinner on stderr when `visible`, nothing otherwise (ora alone would still write plain lines into a pipe). */
export async function startProgress(label: string, visible: boolean): Promise<Progress> {
  if (!visible) return {update: () => undefined, stop: () => undefined};
  const {default: ora} = await import('ora');
  const spinner = ora({text: label, stream: process.stderr, discardStdin: false}).start();
  return {
    update: (text) => {
      spinner.text = `${label}: ${text}`;
    },
    stop: () => {
      spinner.stop();
    },
  };
}
