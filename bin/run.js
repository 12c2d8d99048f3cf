#!/usr/bin/env node
import module from 'node:module';
import {execute} from '@oclif/core/execute';

module.enableCompileCache?.();
// A reader that goes away (head, less) is not an error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}
await execute({dir: import.meta.url});
