import {z} from 'zod';

import {parseDurationSeconds, parseWith, US_PER_SECOND} from '../../core/index.js';
import {type Anomaly, ANOMALY_KINDS, SEVERITIES, severityRank} from './anomaly.js';

/** What counts as an anomaly of the volumes whose id matches. */
const ruleSchema = z.strictObject({
  /** Which volumes: `*` stands for any text, `?` for one character. */
  volumes: z.string().min(1),
  /** What counts; all kinds where it is left out, none where it is empty. */
  kinds: z.array(z.enum(ANOMALY_KINDS)).optional(),
  leastSeverity: z.enum(SEVERITIES).optional(),
  /** Shorter ones do not count: `2h`, `30m`. */
  leastLength: z
    .string()
    .refine((text) => parseDurationSeconds(text) !== undefined, 'not a duration such as 2h or 30m')
    .optional(),
});

const rulesSchema = z.strictObject({classes: z.array(ruleSchema)});

/** Volume classes in order: the first whose `volumes` matches holds; all counts for volumes that none matches. */
export type AnomalyRules = z.infer<typeof rulesSchema>;

/** Checks rules that come from outside. Throws InputError with `source` and the field. */
export function parseAnomalyRules(data: unknown, source: string): AnomalyRules {
  return parseWith(rulesSchema, data, source);
}

/** Whether an anomaly counts by the rules. One that people labelled always does. */
export function counts(anomaly: Anomaly, rules: AnomalyRules | undefined): boolean {
  if (anomaly.label !== undefined) return true;
  const rule = rules?.classes.find(({volumes}) => matchesGlob(anomaly.volume, volumes));
  if (rule === undefined) return true;
  const leastUs = (parseDurationSeconds(rule.leastLength ?? '') ?? 0) * US_PER_SECOND;
  return (
    (rule.kinds?.includes(anomaly.kind) ?? true) &&
    severityRank(anomaly.severity) >= severityRank(rule.leastSeverity ?? 'minor') &&
    anomaly.endUs - anomaly.startUs >= leastUs
  );
}

function matchesGlob(text: string, glob: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`, 'su').test(text);
}
