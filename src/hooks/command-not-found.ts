import {Errors, type Hook} from '@oclif/core';

import {nearestName} from '../lib/core/index.js';

/** Says which command was most likely meant, and exits with 2 like every wrong usage. */
const hook: Hook.CommandNotFound = function ({id, config}) {
  const typed = id.replaceAll(':', ' ');
  const known = config.commandIDs.map((commandId) => commandId.replaceAll(':', ' '));
  const nearest = nearestName(typed, known);
  const advice = nearest === undefined ? 'foreshadow --help lists the commands' : `did you mean "${nearest}"?`;
  return Promise.reject(new Errors.CLIError(`no command "${typed}": ${advice}`, {exit: 2}));
};

export default hook;
