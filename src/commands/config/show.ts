import {Args, Flags} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import {configPath} from '../../command-settings.js';
import {commandShapes} from '../../command-shapes.js';
import {type ConfigReport, describeConfig, readConfigFile} from '../../lib/configuration/index.js';

/** `foreshadow config show` */
export default class ConfigShowCommand extends BaseCommand<typeof ConfigShowCommand> {
  static override summary = 'Tell what foreshadow.yaml and the environment set';
  static override description =
    'With --resolved every flag of a command that can be set, its value, and where that comes from: FORESHADOW_*, a line of ' +
    'the file, or the default.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --resolved plan',
    '<%= config.bin %> <%= command.id %> --resolved "store compact" --json',
  ];
  static override args = {
    command: Args.string({description: 'only of this command, such as plan'}),
  };
  static override flags = {
    resolved: Flags.boolean({summary: 'what is not set, too: with the default'}),
  };

  async run(): Promise<ConfigReport> {
    const commands = commandShapes(this.config);
    const path = configPath(this.argv);
    const report = describeConfig(commands, {
      file: path === undefined ? undefined : await readConfigFile(path, commands),
      environment: process.env,
      command: this.args.command,
      isResolved: this.flags.resolved,
    });
    const {renderConfig} = await import('../../views/config-view.js');
    this.print(await renderConfig(report));
    return report;
  }
}
