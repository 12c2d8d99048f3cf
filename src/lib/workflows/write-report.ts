import {readFile} from 'node:fs/promises';

import {writeFileAtomically} from '../core/index.js';
import {type PageParts, type ReportData, renderReport} from '../report/index.js';
import {gatherReport, type ReportInputs} from './gather-report.js';

export interface ReportOptions extends ReportInputs {
  /** Path of the page; none is written when absent. */
  readonly out?: string | undefined;
}

export interface ReportSummary {
  readonly out?: string;
  readonly bytes: number;
  readonly volumes: number;
  /** Parts that the report shows, and those that nothing was given for. */
  readonly parts: readonly string[];
  readonly absent: readonly string[];
  readonly warnings: readonly string[];
}

/** The folder of style and script lies in the package, at the same place beside dist and src. */
const PAGE_FOLDER = new URL('../../../report-page/', import.meta.url);

/**
 * Gathers what a report shows and writes it as one HTML file. Throws InputError when store, topology or a document cannot
 * be used.
 */
export async function writeReport(
  options: ReportOptions,
): Promise<{readonly summary: ReportSummary; readonly html: string}> {
  const {out} = options;
  const data = await gatherReport(options);
  const html = renderReport(data, await readPageParts());
  if (out !== undefined) await writeFileAtomically(out, html);
  return {
    html,
    summary: {...(out !== undefined && {out}), bytes: Buffer.byteLength(html), ...summaryOf(data)},
  };
}

function summaryOf({
  plan,
  courses,
  patterns,
  anomalies,
  evaluation,
  monitor,
  replay,
  warnings,
}: ReportData): Omit<ReportSummary, 'out' | 'bytes'> {
  const parts = Object.entries({plan, courses, patterns, anomalies, evaluation, monitor, replay});
  return {
    volumes: patterns?.subjects.filter(({subject}) => subject === 'volume').length ?? 0,
    parts: parts.flatMap(([name, part]) => (part === undefined ? [] : [name])),
    absent: parts.flatMap(([name, part]) => (part === undefined ? [name] : [])),
    warnings,
  };
}

async function readPageParts(): Promise<PageParts> {
  const [style, script] = await Promise.all(
    ['report.css', 'report.js'].map((name) => readFile(new URL(name, PAGE_FOLDER), 'utf8')),
  );
  return {style: style ?? '', script: script ?? ''};
}
