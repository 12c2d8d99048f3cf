import {MAX_NAME_BYTES, shorten} from './row-cursor.js';

export type Labels = Readonly<Record<string, string>>;

interface VolumeGauge {
  readonly tells: 'used' | 'provisioned';
  /** The labels that name the volume, for an error. */
  readonly labels: string;
  volumeOf(labels: Labels): string | undefined;
}

const OF_CLAIM: Omit<VolumeGauge, 'tells'> = {
  labels: 'namespace and persistentvolumeclaim',
  volumeOf: ({namespace, persistentvolumeclaim}) =>
    namespace && persistentvolumeclaim && `${namespace}/${persistentvolumeclaim}`,
};
const OF_LONGHORN: Omit<VolumeGauge, 'tells'> = {labels: 'volume', volumeOf: ({volume}) => volume};

/** The metrics that are used or provisioned bytes of volumes, and what names the volume. */
const GAUGES: Readonly<Record<string, VolumeGauge>> = {
  kubelet_volume_stats_used_bytes: {tells: 'used', ...OF_CLAIM},
  kubelet_volume_stats_capacity_bytes: {tells: 'provisioned', ...OF_CLAIM},
  longhorn_volume_actual_size_bytes: {tells: 'used', ...OF_LONGHORN},
  longhorn_volume_capacity_bytes: {tells: 'provisioned', ...OF_LONGHORN},
  ceph_pool_stored: {
    tells: 'used',
    labels: 'name or pool_id',
    volumeOf: (labels) => labels.name ?? labels.pool_id,
  },
};

/** Labels that say who asked whom, which may change while the volume stays the same. */
const SCRAPE_LABELS = new Set(
  (
    'ceph_daemon container endpoint host hostname instance job metrics_path node pod prometheus ' +
    'prometheus_replica replica service'
  ).split(' '),
);

export const GAUGE_NAMES = Object.keys(GAUGES);

/** A series of used or provisioned bytes, or of something else that is passed over, or why it is neither. */
export type GaugeSeries =
  | {readonly kind: VolumeGauge['tells']; readonly volume: string; readonly labels: Labels}
  | {readonly kind: 'other'}
  | {readonly kind: 'bad'; readonly reason: string};

/** A series of bytes of a volume. */
export type VolumeSeries = Extract<GaugeSeries, {readonly volume: string}>;

/** What a series is, by its metric and labels. */
function gaugeSeriesOf(metric: string, labels: Labels): GaugeSeries {
  const gauge = Object.hasOwn(GAUGES, metric) ? GAUGES[metric] : undefined;
  if (gauge === undefined) return {kind: 'other'};
  const volume = gauge.volumeOf(labels) ?? '';
  if (volume === '') return {kind: 'bad', reason: `${metric} is not labelled with ${gauge.labels}`};
  if (volume.includes('\0') || Buffer.byteLength(volume) > MAX_NAME_BYTES) {
    return {kind: 'bad', reason: `${gauge.labels} holds a NUL byte or more than ${MAX_NAME_BYTES} bytes`};
  }
  return {kind: gauge.tells, volume, labels};
}

interface KnownVolume {
  readonly labels: Labels;
  lastSeries: GaugeSeries;
  lastUs: number;
}

/**
 * The series of an input. Several series may be of one volume: after a fail-over of its manager Ceph tells pools twice
 * for a while. Of these a sample counts when it is later than the last one of the volume. Series that differ in a label
 * which is not about scraping (such as cluster) are of different volumes with one name, and all but the first are bad.
 */
export class UsedGauges {
  private readonly volumes = new Map<string, KnownVolume>();
  private readonly others = new Map<string, number>();
  private doubled = 0;
  private valueless = 0;

  /** A series, by its metric and labels; asked once for each. */
  open(metric: string, labels: Labels): GaugeSeries {
    const series = gaugeSeriesOf(metric, labels);
    if (series.kind !== 'used') return series;
    const known = this.volumes.get(series.volume);
    if (known === undefined) {
      this.volumes.set(series.volume, {labels, lastSeries: series, lastUs: Number.NEGATIVE_INFINITY});
      return series;
    }
    const odd = [...new Set([...Object.keys(labels), ...Object.keys(known.labels)])].find(
      (label) => !SCRAPE_LABELS.has(label) && labels[label] !== known.labels[label],
    );
    if (odd === undefined) return series;
    const [here, there] = [labels[odd] ?? '', known.labels[odd] ?? ''];
    const reason = `label ${odd} is ${shorten(here)} here and ${shorten(there)} in another series of ${shorten(series.volume)}`;
    return {kind: 'bad', reason};
  }

  /** Whether a sample of a series counts beside those of the volume's other series; asked in the order of reading. */
  counts(series: VolumeSeries, atUs: number): boolean {
    const known = this.volumes.get(series.volume);
    if (known === undefined) return true;
    if (known.lastSeries !== series && atUs <= known.lastUs) {
      this.doubled += 1;
      return false;
    }
    known.lastSeries = series;
    known.lastUs = atUs;
    return true;
  }

  /** Notes a sample of a metric that is passed over. */
  passOver(metric: string): void {
    this.others.set(metric, (this.others.get(metric) ?? 0) + 1);
  }

  /** Notes a sample that is NaN: there was no value then. */
  noteNoValue(): void {
    this.valueless += 1;
  }

  remarks(): readonly string[] {
    const names = [...this.others].map(([name, count]) => `${name} (${count})`);
    const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
    return [
      ...(names.length > 0
        ? [`metrics that are not used or provisioned bytes: ${names.slice(0, 5).join(', ')}${more}`]
        : []),
      ...(this.doubled > 0
        ? [`samples that another series of the volume told already: ${this.doubled}`]
        : []),
      ...(this.valueless > 0 ? [`samples without a value (NaN): ${this.valueless}`] : []),
    ];
  }
}

const VALUE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Bytes as Prometheus writes them, rounded to whole ones; NaN for no value, a text when they cannot be bytes. */
export function usedBytesOf(value: string): number | string {
  if (/^nan$/i.test(value)) return Number.NaN;
  const bytes = VALUE.test(value) ? Math.round(Number(value)) : Number.NaN;
  if (bytes >= 0 && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
  return `the value is no number of bytes up to 2^53 - 1: ${shorten(value)}`;
}
