/**
 * What Prometheus answers to a query, as JSON: GET /api/v1/query_range (a matrix) or /api/v1/query (a vector),
 *
 *   {"status":"success","data":{"resultType":"matrix","result":[
 *     {"metric":{"__name__":"ceph_pool_stored","pool_id":"1"},"values":[[1790000000.0,"1073741824"],...]}]}}
 *
 * Times are seconds since 1970, values texts. Samples of kubelet_volume_stats_used_bytes (volume
 * `namespace/persistentvolumeclaim`), longhorn_volume_actual_size_bytes (`volume`) and ceph_pool_stored (`name`, else
 * `pool_id`) are rows; kubelet_volume_stats_capacity_bytes
 * and longhorn_volume_capacity_bytes tell provisioned bytes; these, other metrics and NaN (no value then) are remarks. A series that ends is
 * simply not told on (Prometheus leaves stale samples out). Of several series of a volume, as after a fail-over of
 * Ceph's manager, the samples are put in order of time, and of the same time the first counts. Rows are counted by
 * sample in the order of the document. Source: prometheus.io, HTTP API.
 */
import {z} from 'zod';

import {errorText, InputError, US_PER_SECOND} from '../../core/index.js';
import {shorten} from '../reading/row-cursor.js';
import type {DocumentEntry, DocumentReader, FormatOptions, TraceFormat} from '../reading/trace-format.js';
import {type GaugeSeries, type Labels, usedBytesOf, UsedGauges} from '../reading/used-gauges.js';

const ANSWER = /^\s*\{\s*"status"\s*:\s*"(?:success|error)"\s*,/;

const metric = z.record(z.string(), z.string());
const dataSchema = z.discriminatedUnion('resultType', [
  z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({metric, values: z.array(z.unknown())})),
  }),
  z.object({resultType: z.literal('vector'), result: z.array(z.object({metric, value: z.unknown()}))}),
]);
const answerSchema = z.discriminatedUnion('status', [
  z.object({status: z.literal('success'), data: dataSchema}),
  z.object({status: z.literal('error'), error: z.string()}),
]);

const NAMELESS: GaugeSeries = {
  kind: 'bad',
  reason: 'the series has no name (__name__): ask for the metric itself, not for something computed of it',
};

export const prometheus: TraceFormat = {
  framing: 'document',
  summary: 'JSON answer of Prometheus to a range query of used bytes of kubelet, Longhorn, Ceph',
  volumeFrom: 'row',
  time: 'epoch',
  fits: (lines) => ANSWER.test(lines.join('\n')),
  open: (options) => new PrometheusReader(options),
};

interface Answered {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly unknown[];
}

/** A series of the answer; its first sample is the one after `placeBefore`. */
interface Series {
  readonly metric: string;
  readonly labels: Labels;
  readonly gauge: GaugeSeries;
  readonly values: readonly unknown[];
  readonly placeBefore: number;
}

interface Sample {
  readonly series: Series;
  readonly place: number;
  /** As it stands in the answer. */
  readonly value: unknown;
  /** Undefined when it is no pair of a time and a text. */
  readonly pair: readonly [atUs: number, value: string] | undefined;
}

class PrometheusReader implements DocumentReader {
  private readonly options: FormatOptions;
  private readonly gauges = new UsedGauges();

  constructor(options: FormatOptions) {
    this.options = options;
  }

  *entries(content: Uint8Array): Generator<DocumentEntry> {
    for (const group of groupByVolume(this.openSeries(readAnswer(content, this.options.source)))) {
      for (const sample of samplesOf(group)) yield this.entryOf(sample);
    }
  }

  remarks(): readonly string[] {
    return this.gauges.remarks();
  }

  private openSeries(answered: readonly Answered[]): readonly Series[] {
    let placeBefore = 0;
    return answered.map(({metric: {__name__: metric = '', ...labels}, values}) => {
      const series = {
        metric,
        labels,
        gauge: metric === '' ? NAMELESS : this.gauges.open(metric, labels),
        values,
        placeBefore,
      };
      placeBefore += series.values.length;
      return series;
    });
  }

  private entryOf(sample: Sample): DocumentEntry {
    const {series, place, pair} = sample;
    const text = (): string =>
      `${series.metric}${JSON.stringify(series.labels)} ${JSON.stringify(sample.value)}`;
    const bad = (reason: string): DocumentEntry => ({kind: 'bad', place, text, reason});
    const remark: DocumentEntry = {kind: 'remark', place, text};
    const {gauge} = series;
    if (gauge.kind === 'bad') return bad(gauge.reason);
    if (gauge.kind === 'other') {
      this.gauges.passOver(series.metric);
      return remark;
    }
    if (pair === undefined)
      return bad(`the sample is not a time and a text: ${shorten(JSON.stringify(sample.value))}`);
    const [atUs, value] = pair;
    const usedBytes = usedBytesOf(value);
    if (typeof usedBytes === 'string') return bad(usedBytes);
    if (Number.isNaN(usedBytes)) {
      this.gauges.noteNoValue();
      return remark;
    }
    if (gauge.kind === 'provisioned') {
      this.options.provisioned(this.options.indexOfVolume(gauge.volume), usedBytes);
      return remark;
    }
    if (!this.gauges.counts(gauge, atUs)) return remark;
    return {kind: 'sample', place, text, volume: this.options.indexOfVolume(gauge.volume), atUs, usedBytes};
  }
}

function readAnswer(content: Uint8Array, source: string): readonly Answered[] {
  const answer = answerSchema.safeParse(parseJson(content, source));
  if (!answer.success) {
    const [issue] = answer.error.issues;
    throw notAnAnswer(source, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  if (answer.data.status === 'success') {
    const {data} = answer.data;
    if (data.resultType === 'matrix') return data.result;
    return data.result.map(({metric, value}) => ({metric, values: [value]}));
  }
  throw new InputError('query-failed', `${source} is an error of Prometheus: ${shorten(answer.data.error)}`, {
    hints: ['ask again; nothing was written'],
  });
}

function parseJson(content: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(content));
  } catch (error) {
    throw notAnAnswer(source, errorText(error));
  }
}

function notAnAnswer(source: string, why: string): InputError {
  return new InputError(
    'not-an-answer',
    `${source} is not a whole answer of Prometheus to a range query: ${why}; nothing was written`,
    {hints: ['see whether it was cut: it is one JSON document']},
  );
}

/** The series of one volume together, in the order of the first of each. */
function groupByVolume(series: readonly Series[]): readonly (readonly Series[])[] {
  const groups = new Map<string | Series, Series[]>();
  for (const one of series) {
    const key = one.gauge.kind === 'used' ? one.gauge.volume : one;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

/** The samples of a volume's series: as they stand when it is one, by time when they are several. */
function samplesOf(group: readonly Series[]): readonly Sample[] {
  const samples = group.flatMap((series) =>
    series.values.map((value, index) => ({
      series,
      place: series.placeBefore + index + 1,
      value,
      pair: pairOf(value),
    })),
  );
  const timeOf = ({pair}: Sample): number => pair?.[0] ?? 0;
  return group.length === 1 ? samples : samples.sort((left, right) => timeOf(left) - timeOf(right));
}

function pairOf(value: unknown): Sample['pair'] {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const parts: readonly unknown[] = value;
  const [seconds, text] = parts;
  if (typeof seconds !== 'number' || typeof text !== 'string') return undefined;
  return [Math.round(seconds * US_PER_SECOND), text];
}
