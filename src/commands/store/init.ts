import {Flags} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import {storeFlag} from '../../flags.js';
import type {InitReport} from '../../lib/shadow-store/index.js';

/** `foreshadow store init` */
export default class StoreInitCommand extends BaseCommand<typeof StoreInitCommand> {
  static override summary = 'Make the tables of a shadow store in ClickHouse';
  static override description = `A store in a folder needs none of this: ingest makes it.

Makes the database and its tables where they are not there yet, and changes nothing where they are. With --cluster they
are replicated and distributed over the shards by volume, on all servers of the cluster; that needs the macros {shard} and
{replica} on each, and ZooKeeper or Keeper. User and password come from FORESHADOW_CLICKHOUSE_USER and _PASSWORD.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> --store clickhouse://localhost:8123/foreshadow',
    "<%= config.bin %> <%= command.id %> --store 'clickhouse://ch-1,ch-2/foreshadow?tls' --cluster main",
  ];
  static override flags = {
    store: storeFlag,
    cluster: Flags.string({
      summary: 'cluster to replicate on and to distribute over, as the servers call it',
      helpValue: 'NAME',
    }),
  };

  async run(): Promise<InitReport> {
    const {store, cluster} = this.flags;
    const {initStore} = await import('../../lib/workflows/init-store.js');
    const {renderInit} = await import('../../views/store-view.js');
    const report = await initStore({path: store, cluster, tool: this.tool, nowUs: this.nowUs(undefined)});
    this.print(renderInit(report));
    return report;
  }
}
