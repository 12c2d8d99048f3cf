import {fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';

import {z} from 'zod';

import {USERS_ENVIRONMENT} from './run-foreshadow.js';

const answerSchema = z.object({exitCode: z.number(), stdout: z.string(), printed: z.string()});

/** What a command came to: `printed` is stdout and stderr in the order in which they were written. */
export type PrintedRun = Readonly<z.infer<typeof answerSchema>>;

export interface CommandProcess {
  /** Runs the built program with these arguments in a folder; one at a time. */
  run(folder: string, args: readonly string[]): Promise<PrintedRun>;
  end(): void;
}

/**
 * A process of its own that runs many commands of the built program, for tests whose commands name files by paths from their
 * folder: a thread of vitest has no working folder of its own, and starting the program anew takes half a second each time.
 */
export async function commandProcess(): Promise<CommandProcess> {
  const child = fork(fileURLToPath(new URL('command-server.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    env: USERS_ENVIRONMENT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return {
    async run(folder, args) {
      const answer = new Promise<PrintedRun>((resolve, reject) => {
        child.once('message', (message) => {
          child.off('exit', reject);
          resolve(answerSchema.parse(message));
        });
        child.once('exit', reject);
      });
      child.send({folder, args});
      return answer;
    },
    end() {
      child.kill();
    },
  };
}
