/**
 * Prometheus text exposition and OpenMetrics, with times: a sample a line,
 *
 *   # TYPE kubelet_volume_stats_used_bytes gauge
 *   kubelet_volume_stats_used_bytes{namespace="shop",persistentvolumeclaim="db"} 1.073741824e+09 1790000000.000
 *   # EOF
 *
 * The time is in seconds in OpenMetrics and in milliseconds in the older text format: its magnitude tells, line by line.
 * Samples of kubelet_volume_stats_used_bytes (volume `namespace/persistentvolumeclaim`),
 * longhorn_volume_actual_size_bytes (`volume`) and ceph_pool_stored (`name`, else `pool_id`) are rows, other metrics,
 * capacities among them, and NaN (no value then) are remarks; so are samples that another series of the volume told
 * already. What a scrape gives has no times, and is refused. Sources: prometheus/docs, exposition formats; the
 * OpenMetrics specification.
 */
import {InputError} from '../../core/index.js';
import {timeUnitOf} from '../reading/metric-fields.js';
import {OP, type RequestBatch} from '../reading/request-batch.js';
import {BYTE, decodeStrictly, type RowCursor, shorten} from '../reading/row-cursor.js';
import {
  type FormatOptions,
  mostMatch,
  OUTCOME,
  type Outcome,
  type RowReader,
  type TraceFormat,
} from '../reading/trace-format.js';
import {
  type GaugeSeries,
  type VolumeSeries,
  type Labels,
  GAUGE_NAMES,
  usedBytesOf,
  UsedGauges,
} from '../reading/used-gauges.js';

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
/** Bounded, so that no line takes long. */
const GAP = '[ \\t]{0,8}';
const SPACE = '[ \\t]{1,8}';
const LABEL = `${GAP}[a-zA-Z_][a-zA-Z0-9_]*${GAP}=${GAP}"(?:[^"\\\\]|\\\\.)*"${GAP}`;
const SERIES = `(${NAME})(?:${GAP}\\{((?:${LABEL}(?:,${LABEL})*,?)?${GAP})\\})?`;
const SAMPLE = new RegExp(`^${SERIES}${SPACE}(\\S+)(?:${SPACE}([^\\s#]\\S*))?(?:${SPACE}#.*)?${GAP}$`);
const COMMENT = /^#/;
const NUMBER = '[+-]?(?:[\\d.]+(?:[eE][+-]?\\d+)?|[Ii]nf|NaN)';
const EXPOSITION = new RegExp(
  `^# (?:HELP|TYPE|UNIT|EOF)\\b|^${SERIES}${SPACE}${NUMBER}(?:${SPACE}${NUMBER})?(?:${SPACE}#.*)?${GAP}$`,
);
const ONE_LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"/g;

export const openmetrics: TraceFormat = {
  framing: 'lines',
  summary: 'Prometheus or OpenMetrics text with times: used bytes of kubelet, Longhorn, Ceph',
  volumeFrom: 'row',
  time: 'epoch',
  fits: (lines) => mostMatch(lines, EXPOSITION) && lines.some((line) => !COMMENT.test(line)),
  open: (options) => {
    refuseTimeless(options);
    return new OpenmetricsReader(options);
  },
};

class OpenmetricsReader implements RowReader {
  readonly headerLines = 0;
  private readonly options: FormatOptions;
  private readonly gauges = new UsedGauges();
  private readonly series = new Map<string, GaugeSeries>();

  constructor(options: FormatOptions) {
    this.options = options;
  }

  read(cursor: RowCursor, batch: RequestBatch, row: number): Outcome {
    const start = cursor.at;
    cursor.at = cursor.bytes.indexOf(BYTE.newline, start) + 1;
    const line = decodeStrictly(cursor.bytes.subarray(start, cursor.lineEnd(start)));
    if (line === undefined) return bad(cursor, 'the line is not UTF-8');
    if (COMMENT.test(line)) return OUTCOME.remark;
    const [, metric, labels = '', value = '', time] = SAMPLE.exec(line) ?? [];
    if (metric === undefined) return bad(cursor, `the line is not a sample: ${shorten(line)}`);
    const series = this.seriesOf(metric, labels);
    if (series.kind === 'bad') return bad(cursor, series.reason);
    if (series.kind === 'other') {
      this.gauges.passOver(metric);
      return OUTCOME.remark;
    }
    return this.readSample(series, value, time, {cursor, batch, row});
  }

  remarks(): readonly string[] {
    return this.gauges.remarks();
  }

  private readSample(
    series: VolumeSeries,
    value: string,
    time: string | undefined,
    {cursor, batch, row}: {readonly cursor: RowCursor; readonly batch: RequestBatch; readonly row: number},
  ): Outcome {
    const atUs = instantOf(time);
    if (atUs === undefined) {
      return bad(
        cursor,
        time === undefined ? 'the sample has no time' : `the time is none: ${shorten(time)}`,
      );
    }
    const usedBytes = usedBytesOf(value);
    if (typeof usedBytes === 'string') return bad(cursor, usedBytes);
    if (Number.isNaN(usedBytes)) {
      this.gauges.noteNoValue();
      return OUTCOME.remark;
    }
    if (series.kind === 'provisioned') {
      this.options.provisioned(this.options.indexOfVolume(series.volume), usedBytes);
      return OUTCOME.remark;
    }
    if (!this.gauges.counts(series, atUs)) return OUTCOME.remark;
    batch.volume[row] = this.options.indexOfVolume(series.volume);
    batch.op[row] = OP.sample;
    batch.atUs[row] = atUs;
    batch.offsetBytes[row] = 0;
    batch.lengthBytes[row] = usedBytes;
    return OUTCOME.row;
  }

  private seriesOf(metric: string, labels: string): GaugeSeries {
    if (!GAUGE_NAMES.includes(metric)) return {kind: 'other'};
    const key = `${metric}{${labels}}`;
    const known = this.series.get(key);
    if (known !== undefined) return known;
    const series = this.gauges.open(metric, labelsOf(labels));
    this.series.set(key, series);
    return series;
  }
}

function bad(cursor: RowCursor, reason: string): Outcome {
  cursor.fail(reason);
  return OUTCOME.bad;
}

function labelsOf(text: string): Labels {
  const unescaped = (value: string): string =>
    value.replace(/\\(.)/gs, (_, character: string) => (character === 'n' ? '\n' : character));
  return Object.fromEntries(
    [...text.matchAll(ONE_LABEL)].map(([, name = '', value = '']) => [name, unescaped(value)]),
  );
}

/** Seconds or milliseconds since 1970 as us. */
function instantOf(text = ''): number | undefined {
  const value = /^\d+(?:\.\d+)?(?:[eE]\+?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const unit = timeUnitOf(value);
  return unit === undefined || unit.name === 'microseconds' ? undefined : Math.round(value * unit.usPerUnit);
}

function refuseTimeless({firstLines, source}: FormatOptions): void {
  const samples = firstLines.map((line) => SAMPLE.exec(line)).filter((match) => match !== null);
  if (samples.length === 0 || samples.some((match) => match[4] !== undefined)) return;
  throw new InputError('no-times', `${source}: its samples have no times: it is what one scrape gave`, {
    hints: [
      'ask Prometheus for a range and ingest the JSON: /api/v1/query_range?query=kubelet_volume_stats_used_bytes&...',
      'or dump its blocks with times: promtool tsdb dump-openmetrics',
    ],
  });
}
