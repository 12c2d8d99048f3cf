import {Args, Flags} from '@oclif/core';

import {importFlags, ImportCommand} from '../../../import-command.js';
import {parseFlag} from '../../../lib/core/index.js';
import type {TopologyImport} from '../../../lib/workflows/import-topology.js';

/** `foreshadow topology import kubernetes` */
export default class TopologyImportKubernetes extends ImportCommand<typeof TopologyImportKubernetes> {
  static override summary = 'Make a topology of Longhorn on Kubernetes, from what kubectl prints';
  static override description = `The files are what these commands print, under any names, or both as one list on standard input (-):

    kubectl get nodes -o json > dumps/nodes.json
    kubectl get nodes.longhorn.io,volumes.longhorn.io,replicas.longhorn.io,settings.longhorn.io \\
      -n longhorn-system -o json > dumps/longhorn.json

A volume is a Longhorn volume under its own name (as in its metrics), with its healthy replicas; places are NODE/DISK, labels
region and zone and what --label names, tiers are made of tags and selectors, fillLimit is what
storage-minimal-available-percentage leaves. Other objects are not looked at. The dumps do not say when they were taken:
--usage needs --as-of, unless they come from standard input, which is now. Exits with 4 when there are findings of severity
error.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> dumps/ --out cluster.yaml',
    '<%= config.bin %> <%= command.id %> dumps/ --label example.com/rack=rack --out cluster.yaml --usage usage.csv --as-of 2026-11-29T00:00:00Z',
    'kubectl get nodes,nodes.longhorn.io,volumes.longhorn.io,replicas.longhorn.io,settings.longhorn.io -n longhorn-system -o json | <%= config.bin %> <%= command.id %> - --out cluster.yaml',
  ];
  static override args = {
    paths: Args.string({
      description: 'files, or folders with .json files, that kubectl printed; - is standard input',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    label: Flags.string({
      summary: 'label of nodes that is a boundary kind; may be repeated',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'KEY=KIND',
    }),
    ...importFlags,
  };

  async run(): Promise<TopologyImport> {
    const {label = [], 'as-of': asOf} = this.flags;
    const {paths} = this.args;
    const kindOfLabel = new Map(
      label.map((text) => parseFlag('label', text, parseLabel, 'example.com/rack=rack')),
    );
    const isNow = asOf === undefined && paths.length === 1 && paths[0] === '-';
    const now = isNow ? new Date(this.nowUs(undefined) / 1000).toISOString() : undefined;
    const source = {kind: 'kubernetes', paths, stdin: process.stdin, options: {kindOfLabel}} as const;
    return this.importFrom(source, {...this.flags, 'as-of': asOf ?? now});
  }
}

function parseLabel(text: string): readonly [string, string] | undefined {
  const [key = '', kind = '', ...more] = text.split('=');
  return key === '' || kind === '' || more.length > 0 ? undefined : [key, kind];
}
