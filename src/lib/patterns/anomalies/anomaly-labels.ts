import {z} from 'zod';

import {parseWith} from '../../core/index.js';
import type {Anomaly} from './anomaly.js';

const labelSchema = z
  .strictObject({
    volume: z.string().min(1),
    fromUs: z.number().int(),
    /** Exclusive. */
    toUs: z.number().int(),
    isAnomaly: z.boolean(),
    note: z.string(),
  })
  .refine(({fromUs, toUs}) => fromUs < toUs, {message: 'must be after fromUs', path: ['toUs']});

const labelsSchema = z.array(labelSchema);

/** What people say of a stretch of a volume's history. A later label of a list overrides an earlier one. */
export type AnomalyLabel = z.infer<typeof labelSchema>;

/** Checks labels that come from outside. Throws InputError with `source` and the field. */
export function parseAnomalyLabels(data: unknown, source: string): readonly AnomalyLabel[] {
  return parseWith(labelsSchema, data, source);
}

/**
 * The anomalies of one volume as labels would have them: one that lies by half or more in a stretch labelled as none is left
 * out; those in a stretch labelled as one bear its note, and where there are none the stretch becomes one by `make`.
 */
export function applyLabels(
  found: readonly Anomaly[],
  labels: readonly AnomalyLabel[],
  make: (label: AnomalyLabel) => Anomaly,
): readonly Anomaly[] {
  return labels.reduce<readonly Anomaly[]>((anomalies, label) => {
    const isWithin = (anomaly: Anomaly): boolean =>
      2 * overlapUs(anomaly, label) >= anomaly.endUs - anomaly.startUs;
    if (!label.isAnomaly) return anomalies.filter((anomaly) => !isWithin(anomaly));
    const marked = anomalies.map((anomaly) =>
      isWithin(anomaly) ? {...anomaly, label: label.note} : anomaly,
    );
    return marked.some(isWithin) ? marked : [...marked, make(label)];
  }, found);
}

function overlapUs({startUs, endUs}: Anomaly, {fromUs, toUs}: AnomalyLabel): number {
  return Math.max(0, Math.min(endUs, toUs) - Math.max(startUs, fromUs));
}
