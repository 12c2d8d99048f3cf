import {Args, Flags} from '@oclif/core';

import {importFlags, ImportCommand} from '../../../import-command.js';
import {parseDurationSeconds, parseFlag, UsageError} from '../../../lib/core/index.js';
import type {ImportSource, TopologyImport} from '../../../lib/workflows/import-topology.js';

/** `foreshadow topology import ceph` */
export default class TopologyImportCeph extends ImportCommand<typeof TopologyImportCeph> {
  static override summary = 'Make a topology of what Ceph says about itself, from files or live';
  static override description = `The files are what these commands print, under any names; ID is that of a monitor:

    ceph osd df tree -f json          > dumps/osd-df-tree.json
    ceph osd dump -f json             > dumps/osd-dump.json
    ceph osd crush rule dump -f json  > dumps/osd-crush-rule-dump.json
    ceph pg dump -f json              > dumps/pg-dump.json
    ceph config show mon.ID -f json   > dumps/config-show.json

--live runs them. Nothing is changed, keys are not read, and settings other than the three that matter are not looked at.

A volume is a placement group, POOL/PGID, since that is what re-mirrors as one; its replicas are its acting OSDs, places are
HOST/osd.N, labels are the buckets of the CRUSH tree above the host. antiAffinity is the failure domain of the pool's rule,
tier its device class, fillLimit the backfillfull ratio. Findings tell what a topology cannot say, and which settings and
flags keep Ceph from re-mirroring a lost rack by itself. Exits with 4 when there are findings of severity error.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> dumps/ --out cluster.yaml',
    '<%= config.bin %> <%= command.id %> --live --out cluster.yaml --usage usage.csv && <%= config.bin %> ingest usage.csv',
    '<%= config.bin %> <%= command.id %> --live --ceph-conf /etc/ceph/prod.conf --ceph-user planner --out cluster.yaml --json',
  ];
  static override args = {
    paths: Args.string({
      description: 'files, or folders with .json files, that the commands printed; - is standard input',
      multiple: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    live: Flags.boolean({summary: 'run the ceph program instead of reading files'}),
    ...importFlags,
    'ceph-program': Flags.string({
      summary: 'the ceph program (ceph)',
      dependsOn: ['live'],
      helpValue: 'PATH',
    }),
    'ceph-conf': Flags.string({summary: 'its configuration file', dependsOn: ['live'], helpValue: 'FILE'}),
    cluster: Flags.string({summary: 'name of the cluster', dependsOn: ['live'], helpValue: 'NAME'}),
    'ceph-user': Flags.string({
      summary: 'user to ask as, without client. (mon "allow r" and mgr "allow r" suffice)',
      dependsOn: ['live'],
      helpValue: 'NAME',
    }),
    timeout: Flags.string({
      summary: 'how long one of the commands may take (60s)',
      dependsOn: ['live'],
      helpValue: 'DURATION',
    }),
  };

  async run(): Promise<TopologyImport> {
    return this.importFrom(this.source(), this.flags);
  }

  private source(): ImportSource {
    const paths = this.args.paths ?? [];
    const {
      live,
      'ceph-program': program = 'ceph',
      'ceph-conf': conf,
      cluster,
      'ceph-user': user,
    } = this.flags;
    if (live ? paths.length > 0 : paths.length === 0) {
      const message = live ? '--live reads no files' : 'what is to be imported?';
      throw new UsageError('what-to-import', message, {
        hints: ['give the files that the commands print', '--live'],
      });
    }
    if (!live) return {kind: 'ceph', paths, stdin: process.stdin};
    const timeoutMs = parseFlag('timeout', this.flags.timeout ?? '60s', parseDurationSeconds, '60s') * 1000;
    const args = [
      ...(conf === undefined ? [] : ['--conf', conf]),
      ...(cluster === undefined ? [] : ['--cluster', cluster]),
      ...(user === undefined ? [] : ['--id', user]),
    ];
    return {kind: 'live-ceph', call: {program, args, timeoutMs, signal: this.signal}};
  }
}
