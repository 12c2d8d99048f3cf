import {Args, Flags} from '@oclif/core';

import {BaseCommand} from '../../base-command.js';
import {storeFlag} from '../../flags.js';
import {formatInstantUs, parseFlag, parseInstantUs} from '../../lib/core/index.js';
import type {LabelSummary} from '../../lib/workflows/label-anomaly.js';
import {printable} from '../../views/table.js';

/** `foreshadow patterns label` */
export default class PatternsLabel extends BaseCommand<typeof PatternsLabel> {
  static override summary = 'Say that a stretch of a volume was an anomaly, or that it was none';
  static override description =
    'The label is kept beside the store, and "patterns anomalies" honours it from then on; a later label overrides an earlier one.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> db-1 --from 2026-01-31T02:00 --to 2026-01-31T05:00 --none --note "monthly backup"',
    '<%= config.bin %> <%= command.id %> db-1 --from 2026-02-03 --to 2026-02-04 --note "failed migration"',
  ];
  static override args = {volume: Args.string({description: 'the volume', required: true})};
  static override flags = {
    store: storeFlag,
    from: Flags.string({summary: 'where the stretch begins', required: true, helpValue: 'TIME'}),
    to: Flags.string({summary: 'where it ends', required: true, helpValue: 'TIME'}),
    none: Flags.boolean({summary: 'it was no anomaly', default: false}),
    note: Flags.string({summary: 'why', default: '', helpValue: 'TEXT'}),
    labels: Flags.string({summary: 'file of labels, instead of the one beside the store', helpValue: 'FILE'}),
  };

  async run(): Promise<LabelSummary> {
    const {store, from, to, none, note, labels} = this.flags;
    const {labelAnomaly} = await import('../../lib/workflows/label-anomaly.js');
    const summary = await labelAnomaly({
      storePath: store,
      labelsPath: labels,
      label: {
        volume: this.args.volume,
        fromUs: parseFlag('from', from, parseInstantUs, '2026-01-31T02:00'),
        toUs: parseFlag('to', to, parseInstantUs, '2026-01-31T05:00'),
        ...{isAnomaly: !none, note},
      },
      ...{tool: this.tool, nowUs: this.nowUs(undefined)},
    });
    const [fromText, toText] = [summary.label.fromUs, summary.label.toUs].map(formatInstantUs);
    this.print(
      `${printable(this.args.volume)} from ${fromText ?? ''} to ${toText ?? ''}: ${none ? 'no anomaly' : 'an anomaly'} (${summary.labels} labels in ${printable(summary.labelsPath)})`,
    );
    return summary;
  }
}
