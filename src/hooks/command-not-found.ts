import type {Hook} from '@oclif/core';

import {nearestName, UsageError} from '../lib/core/index.js';
import {errorForPeople, errorJson} from '../views/error-view.js';

/** Says which command was most likely meant, and exits with 2 like every wrong usage. */
const hook: Hook.CommandNotFound = function ({id, argv, config}) {
  const typed = id.replaceAll(':', ' ');
  const known = config.commandIDs.map((commandId) => commandId.replaceAll(':', ' '));
  const nearest = nearestName(typed, known);
  const hint = nearest === undefined ? 'foreshadow --help' : `foreshadow ${nearest}`;
  const error = new UsageError('no-such-command', `there is no command "${typed}"`, {hints: [hint]});
  if (argv?.includes('--json'))
    process.stdout.write(`${JSON.stringify(errorJson(typed, error), undefined, 2)}\n`);
  else process.stderr.write(`${errorForPeople(error)}\n`);
  process.exitCode = error.exitCode;
  return Promise.resolve();
};

export default hook;
