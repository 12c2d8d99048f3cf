import {UsageError} from '../core/index.js';
import type {MarkedStretch} from '../forecasting/index.js';
import {type AnomalyKind, readAnomaliesFile} from '../patterns/index.js';
import type {Metric} from '../shadow-store/index.js';

/** A shift is how things are from then on, and a silent log is unknown anyway. */
const GOES_ON: readonly AnomalyKind[] = ['level-shift', 'log-silence'];

/**
 * The stretches that an anomalies file marks; none without a file. Throws InputError when it cannot be used, UsageError when
 * it is of another metric.
 */
export async function readMarks(
  filePath: string | undefined,
  metric: Metric,
): Promise<readonly MarkedStretch[]> {
  if (filePath === undefined) return [];
  const file = await readAnomaliesFile(filePath);
  if (file.metric !== metric) {
    throw new UsageError('other-metric', `${filePath} has anomalies of ${file.metric}, not of ${metric}`, {
      hints: [`foreshadow patterns anomalies --metric ${metric} --out FILE`],
    });
  }
  return file.anomalies
    .filter(({kind}) => !GOES_ON.includes(kind))
    .map(({volume, startUs, endUs}) => ({volume, fromUs: startUs, toUs: endUs}));
}
