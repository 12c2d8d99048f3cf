import {Chalk} from 'chalk';

// chalk itself ignores NO_COLOR on a terminal, so the level is decided by base-command and set here.
const chalk = new Chalk({level: 0});

/** Turns colour on or off for everything painted from now on. */
export function setColour(on: boolean): void {
  chalk.level = on ? 1 : 0;
}

/** Colour by meaning. It is never the only sign: the words say the same. */
export const paint = {
  good: (text: string): string => chalk.green(text),
  bad: (text: string): string => chalk.red(text),
  warn: (text: string): string => chalk.yellow(text),
  strong: (text: string): string => chalk.bold(text),
  faint: (text: string): string => chalk.dim(text),
} satisfies Record<string, (text: string) => string>;
