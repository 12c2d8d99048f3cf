import {Args, Flags} from '@oclif/core';

import {BaseCommand} from '../base-command.js';
import {commandShapes} from '../command-shapes.js';
import {storeFlag} from '../flags.js';
import {CONFIG_FILE, configSchema} from '../lib/configuration/index.js';
import type {InitConfigResult} from '../lib/workflows/init-config.js';

/** `foreshadow init` */
export default class InitCommand extends BaseCommand<typeof InitCommand> {
  static override summary = 'Write a commented foreshadow.yaml for the data that are here';
  static override description =
    'Looks through the folder for traces, usage samples and a topology, and writes down what it found and what can be ' +
    'said. Also writes .foreshadow/config.schema.json, by which editors complete and check the file.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> /srv/traces --out -',
  ];
  static override args = {
    folder: Args.string({description: 'where the data are', default: '.'}),
  };
  static override flags = {
    out: Flags.string({summary: 'the file; - only prints it', default: CONFIG_FILE, helpValue: 'FILE'}),
    store: storeFlag,
    force: Flags.boolean({summary: 'replace a file that is there'}),
  };

  protected override readonly heedsConfigFile = false;

  async run(): Promise<InitConfigResult> {
    const {out, store, force} = this.flags;
    const {initConfig} = await import('../lib/workflows/init-config.js');
    const result = await initConfig({
      folder: this.args.folder,
      out: out === '-' ? undefined : out,
      schema: {
        path: '.foreshadow/config.schema.json',
        text: `${JSON.stringify(configSchema(commandShapes(this.config)), undefined, 2)}\n`,
      },
      force,
      storePath: store,
    });
    const {renderInit} = await import('../views/config-view.js');
    this.print(result.out === undefined ? result.text : await renderInit(result));
    return result;
  }
}
