import {type Interceptor, LOG_PATH} from './interceptor.js';

export const nbdkit: Interceptor = {
  summary: 'every request to what nbdkit serves, by its log filter; no root',
  program: 'nbdkit',
  packages: ['nbdkit'],
  takes: 'arguments',
  example: 'foreshadow capture nbdkit -- --unix /run/vol.sock file /srv/vol.img',
  format: 'nbdkit-log',
  // Its log has local times without a zone.
  environment: {TZ: 'UTC'},
  // The filter comes first, so that it sees requests before filters of the user change them.
  commandLine: ({programArguments}) => [
    '--foreground',
    '--filter=log',
    ...programArguments,
    `logfile=${LOG_PATH}`,
  ],
};
