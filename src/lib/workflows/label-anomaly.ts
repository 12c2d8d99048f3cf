import {formatInstantUs, UsageError} from '../core/index.js';
import type {AnomalyLabel} from '../patterns/index.js';
import {chosenVolumes, openShadowStore, type ShadowStore} from '../shadow-store/index.js';
import {labelsFileOf, readLabelsIfAny, writeLabels} from './anomaly-labels-file.js';

export interface LabelAnomalyOptions {
  readonly storePath: string;
  readonly openStore?: (path: string) => Promise<Pick<ShadowStore, 'volumes'> & {close(): void}>;
  readonly label: AnomalyLabel;
  /** Path of the labels; beside the store when absent. */
  readonly labelsPath?: string | undefined;
  readonly tool: string;
  readonly nowUs: number;
}

export interface LabelSummary {
  readonly labelsPath: string;
  readonly label: AnomalyLabel;
  /** Labels in the file now. */
  readonly labels: number;
}

/**
 * Adds a label to those of a store. Throws UsageError for a stretch that ends before it begins, InputError for a volume that
 * the store does not know and when store or labels cannot be used.
 */
export async function labelAnomaly(options: LabelAnomalyOptions): Promise<LabelSummary> {
  const {label, storePath, tool, nowUs, labelsPath = labelsFileOf(storePath)} = options;
  if (label.toUs <= label.fromUs) {
    const [from, to] = [label.fromUs, label.toUs].map(formatInstantUs);
    throw new UsageError('empty-stretch', `--to ${to ?? ''} is not after --from ${from ?? ''}`);
  }
  const store = await (options.openStore ?? openShadowStore)(storePath);
  try {
    chosenVolumes(
      [label.volume],
      store.volumes().map(({name}) => name),
    );
  } finally {
    store.close();
  }
  const labels = [...(await readLabelsIfAny(labelsPath)), label];
  await writeLabels(labelsPath, labels, {tool, createdAt: formatInstantUs(nowUs)});
  return {labelsPath, label, labels: labels.length};
}
