/** What is shown of an anomalies file, which `patterns anomalies --out` writes. */
export interface AnomaliesDocument {
  readonly metric: string;
  readonly granularity: string;
  readonly fromUs: number;
  readonly toUs: number;
  /** How many were looked at. */
  readonly volumes: number;
  readonly anomalies: readonly {
    readonly volume: string;
    readonly kind: string;
    readonly severity: 'minor' | 'major' | 'critical';
    readonly score: number;
    readonly startUs: number;
    readonly endUs: number;
    readonly text: string;
    readonly label?: string | undefined;
  }[];
  readonly events: readonly {
    readonly startUs: number;
    readonly endUs: number;
    readonly kind: string;
    readonly volumes: readonly string[];
    readonly text: string;
  }[];
}
