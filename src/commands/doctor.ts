import {totalmem, tmpdir} from 'node:os';

import {BaseCommand} from '../base-command.js';
import {storeFlag, targetFlag, topologyFlag} from '../flags.js';
import type {Diagnosis} from '../lib/workflows/diagnose.js';
import {accessFlags, readAccess} from '../target-flags.js';

/** `foreshadow doctor` */
export default class DoctorCommand extends BaseCommand<typeof DoctorCommand> {
  static override summary =
    'Try what foreshadow needs on this machine: Node, back ends, disk, clock, store, topology, target';
  static override description =
    'Each is tried by doing a little of it: a file is written and read, a program solved, a series fitted, the target asked ' +
    'what it holds. Nothing is changed. Exits with 4 when something does not work.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --store clickhouse://ch-1/fleet --topology cluster.yaml --target ceph:https://mgr:8443',
    '<%= config.bin %> <%= command.id %> --json | jq ".findings[] | select(.state == \\"fail\\")"',
  ];
  static override flags = {store: storeFlag, topology: topologyFlag, target: targetFlag, ...accessFlags};

  async run(): Promise<Diagnosis> {
    const {store, topology, target} = this.flags;
    const {diagnose} = await import('../lib/workflows/diagnose.js');
    const progress = await this.progress('trying');
    const diagnosis = await diagnose({
      node: {version: process.version, wanted: '20.19 or later, 22.12 or later'},
      memoryBytes: totalmem(),
      ...{storePath: store, topologyPath: topology, target},
      access: target === undefined ? undefined : await readAccess(this.flags, this.signal),
      scratchFolder: tmpdir(),
      nowUs: () => this.nowUs(undefined),
      signal: this.signal,
    }).finally(() => {
      progress.stop();
    });
    const {renderDiagnosis} = await import('../views/doctor-view.js');
    this.print(await renderDiagnosis(diagnosis));
    if (!diagnosis.isWell) process.exitCode = 4;
    return diagnosis;
  }
}
