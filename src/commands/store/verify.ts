import {BaseCommand} from '../../base-command.js';
import {storeFlag} from '../../flags.js';
import type {VerifyReport} from '../../lib/shadow-store/index.js';

/** `foreshadow store verify` */
export default class StoreVerifyCommand extends BaseCommand<typeof StoreVerifyCommand> {
  static override summary = 'Check that the shadow store is what was written, and that it adds up';
  static override description = `Compares every file with the size and SHA-256 in its batch's manifest, rows with order, manifest and the other
granularity (an hour is the sum of its minutes), footprints with growth, and looks for inputs that are counted twice.
Takes no lock and changes nothing, so it may run beside an ingest. Tells all faults, not only the first; files that are
no part of the store are told apart from faults.

Of a store in ClickHouse: as many rows of each batch, and the sums, that its manifest tells, and its files.

Exits with 0 when the store is sound, with 3 when it is damaged.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    "<%= config.bin %> <%= command.id %> --json | jq '.findings[].at'",
  ];
  static override flags = {store: storeFlag};

  async run(): Promise<VerifyReport> {
    const {checkStore} = await import('../../lib/workflows/verify-store.js');
    const {renderVerification, verifyProgress} = await import('../../views/maintenance-view.js');
    const progress = await this.progress('verify');
    const report = await checkStore({
      storePath: this.flags.store,
      signal: this.signal,
      onProgress: verifyProgress(progress),
    }).finally(() => {
      progress.stop();
    });
    this.print(renderVerification(report));
    if (!report.isSound) process.exitCode = 3;
    return report;
  }
}
