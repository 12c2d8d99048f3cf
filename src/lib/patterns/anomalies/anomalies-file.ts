import {z} from 'zod';

import {readArtifact} from '../../core/index.js';
import {type Anomaly, ANOMALY_KINDS, SEVERITIES} from './anomaly.js';

export const ANOMALIES_KIND = 'foreshadow.anomalies';
export const ANOMALIES_VERSION = 1;

const anomalySchema = z.object({
  volume: z.string(),
  kind: z.enum(ANOMALY_KINDS),
  severity: z.enum(SEVERITIES),
  score: z.number().min(0).max(1),
  startUs: z.number().int(),
  endUs: z.number().int(),
  /** Null: nothing is known of it. */
  expected: z.number().nullable(),
  seen: z.number().nullable(),
  text: z.string(),
  label: z.string().optional(),
});

const fileSchema = z.object({
  kind: z.literal(ANOMALIES_KIND),
  version: z.literal(ANOMALIES_VERSION),
  tool: z.string(),
  createdAt: z.string(),
  metric: z.string(),
  granularity: z.string(),
  /** `online`: as a detector would have said at the time. */
  mode: z.enum(['online', 'batch']),
  fromUs: z.number().int(),
  toUs: z.number().int(),
  /** How many were looked at. */
  volumes: z.number().int().nonnegative(),
  anomalies: z.array(anomalySchema),
  /** What struck many volumes at once: their anomalies are in `anomalies`, too. */
  events: z.array(
    z.object({
      startUs: z.number().int(),
      endUs: z.number().int(),
      kind: z.enum(ANOMALY_KINDS),
      volumes: z.array(z.string()),
      text: z.string(),
    }),
  ),
});

/** What `patterns anomalies` writes. */
export type AnomaliesFile = z.infer<typeof fileSchema>;

/** As the file has it: JSON has no NaN. */
export function writtenAnomaly(anomaly: Anomaly): AnomaliesFile['anomalies'][number] {
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {...anomaly, expected: known(anomaly.expected), seen: known(anomaly.seen)};
}

/** Reads such a file. Throws InputError that names the file and the field. */
export function readAnomaliesFile(filePath: string): Promise<AnomaliesFile> {
  return readArtifact(filePath, {
    kind: ANOMALIES_KIND,
    version: ANOMALIES_VERSION,
    schema: fileSchema,
  });
}
