import {Args} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import type {TopologyCheck} from '../../lib/workflows/check-topology.js';

/** `foreshadow topology check` */
export default class TopologyCheckCommand extends BaseCommand<typeof TopologyCheckCommand> {
  static override summary = 'Lint a topology: what no amount of free space can mend, before any forecast';
  static override description =
    'Each finding has a code, a severity, the line where what it is about was stated, and advice; with --json they are ' +
    'one document for CI. Exits with 4 when there are findings of severity error, with 3 when the topology cannot be read.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> cluster.yaml',
    '<%= config.bin %> <%= command.id %> cluster/ --json',
  ];
  static override args = {
    path: Args.string({
      description: 'YAML file, or folder with hosts.csv, volumes.csv and, if wanted, devices.csv and others',
      required: true,
    }),
  };

  async run(): Promise<TopologyCheck> {
    const {checkTopology} = await import('../../lib/workflows/check-topology.js');
    const check = await checkTopology(this.args.path);
    const {renderTopologyCheck} = await import('../../views/topology-view.js');
    this.print(await renderTopologyCheck(check));
    if (check.errorCount > 0) process.exitCode = 4;
    return check;
  }
}
