import {Args} from '@oclif/core';

import {importFlags, ImportCommand} from '../../../import-command.js';
import type {TopologyImport} from '../../../lib/workflows/import-topology.js';

/** `foreshadow topology import csv` */
export default class TopologyImportCsv extends ImportCommand<typeof TopologyImportCsv> {
  static override summary = 'Make a topology file of a folder of CSV tables';
  static override description =
    'The same topology in one file: all commands read the folder just as well. Tables and columns are in docs/topology.md.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> cluster/ --out cluster.yaml',
    '<%= config.bin %> <%= command.id %> cluster/ --out cluster.yaml --usage usage.csv --as-of 2026-11-29T00:00:00Z',
  ];
  static override args = {
    folder: Args.string({
      description: 'folder with hosts.csv, volumes.csv and, if wanted, devices.csv and others',
      required: true,
    }),
  };
  static override flags = importFlags;

  async run(): Promise<TopologyImport> {
    return this.importFrom({kind: 'csv', folder: this.args.folder}, this.flags);
  }
}
