import {Flags} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import {storeFlag} from '../../flags.js';
import type {StoreDescription} from '../../lib/workflows/describe-store.js';

/** `foreshadow store info` */
export default class StoreInfoCommand extends BaseCommand<typeof StoreInfoCommand> {
  static override summary = 'Tell what the shadow store holds: volumes, time, batches, rows, size';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --batches --volumes --json',
  ];
  static override flags = {
    store: storeFlag,
    batches: Flags.boolean({summary: 'list the batches, one an ingest'}),
    volumes: Flags.boolean({summary: 'list the volumes with their time'}),
  };

  async run(): Promise<StoreDescription> {
    const {store, batches, volumes} = this.flags;
    const {describeStore} = await import('../../lib/workflows/describe-store.js');
    const description = await describeStore(store, {batches, volumes});
    const {renderStore} = await import('../../views/store-view.js');
    this.print(await renderStore(description));
    return description;
  }
}
