/** What may be out of the ordinary. `silence`: the volume does nothing; `log-silence`: nothing is known of it. */
export const ANOMALY_KINDS = [
  'spike',
  'drop',
  'level-shift',
  'changed-rhythm',
  'unusual-hour',
  'silence',
  'log-silence',
] as const;
export type AnomalyKind = (typeof ANOMALY_KINDS)[number];

/** From the least to the greatest. */
export const SEVERITIES = ['minor', 'major', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A stretch of a series that is out of the ordinary, or that people labelled as such. */
export interface Anomaly {
  readonly volume: string;
  readonly kind: AnomalyKind;
  readonly severity: Severity;
  /** The highest score within, in [0, 1]. */
  readonly score: number;
  readonly startUs: number;
  /** The end of its last step. */
  readonly endUs: number;
  /** Means over the stretch, in the unit of the series; NaN where nothing is known. */
  readonly expected: number;
  readonly seen: number;
  /** One line for people, without the volume's name. */
  readonly text: string;
  /** The note of the label that made it one; absent where the values did. */
  readonly label?: string;
}

export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
