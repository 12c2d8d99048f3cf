import {createInterface} from 'node:readline/promises';

import {formatBytes} from '../lib/core/index.js';
import type {ApplyResult, DriftReport, TargetChange, WithheldChange} from '../lib/storage-apis/index.js';
import type {ApplyReport} from '../lib/workflows/apply-plan.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

/** What apply did, or would do: a row a change, then one line that sums it up. */
export async function renderApply(report: ApplyReport): Promise<string> {
  const rows = [
    ...report.resumed.map((change) => row(change, 'made before')),
    ...report.applied.map((change) => row(change, 'made')),
    ...report.pending.map((change) => row(change, 'pending')),
    ...report.withheld.map(withheldRow),
  ];
  const table = rows.length === 0 ? [] : [await renderChanges(rows)];
  return [...table, summary(report)].join('\n');
}

/** What drifted, a row a setting, then one line that sums it up. */
export async function renderDrift({drifted, same, wasApplied, target}: DriftReport): Promise<string> {
  const columns = [
    {title: 'setting'},
    {title: 'wanted', align: 'right'},
    {title: 'held', align: 'right'},
    {title: 'hosts'},
  ] as const;
  const rows = drifted.map(({setting, wantedBytes, actualBytes, hosts}) => [
    ...[setting, setTo(wantedBytes), setTo(actualBytes), hosts.join(' ')],
  ]);
  const table = rows.length === 0 ? [] : [await renderTable(columns, rows)];
  const never = wasApplied ? '' : '; no journal tells that this plan was applied there';
  const settled = `${count(same.length, 'setting')} as wanted on ${printable(target)}${never}`;
  const verdict =
    rows.length === 0
      ? `${paint.good('no drift:')} ${settled}`
      : `${paint.bad('drift:')} ${count(rows.length, 'setting')}, ${settled}`;
  return [...table, verdict].join('\n');
}

async function renderChanges(rows: readonly (readonly string[])[]): Promise<string> {
  const columns = [
    {title: 'setting'},
    {title: 'change'},
    {title: 'from', align: 'right'},
    {title: 'to', align: 'right'},
    {title: 'state'},
    {title: 'reason'},
  ] as const;
  return renderTable(columns, rows);
}

function row({setting, action, fromBytes, toBytes, reason}: TargetChange, state: string): readonly string[] {
  return [setting, action, setTo(fromBytes), setTo(toBytes), state, reason];
}

function withheldRow({because, ...change}: WithheldChange): readonly string[] {
  return row({...change, reason: because}, 'left out');
}

function setTo(bytes: number | null): string {
  return bytes === null ? 'no limit' : formatBytes(bytes);
}

function summary({applied, resumed, pending, withheld, unchanged, ...report}: ApplyReport): string {
  const serial = report.serial === 0 && report.lineage !== '' ? '' : ` is at serial ${report.serial}`;
  const where = `${printable(report.target)}${serial}`;
  const left = withheld.length === 0 ? '' : `${paint.bad(`${withheld.length} left out`)}, `;
  const rest = `${left}${count(unchanged.length, 'setting')} unchanged; ${where}`;
  if (report.alreadyApplied) return `${paint.good('already applied:')} nothing to change; ${where}`;
  if (report.dryRun) return `${paint.strong('dry run:')} ${count(pending.length, 'change')} pending, ${rest}`;
  const before = resumed.length === 0 ? '' : `${resumed.length} made before, `;
  return `${paint.good(`${report.did}:`)} ${count(applied.length, 'change')}, ${before}${rest}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Shows the changes on stderr and asks there; only `y` and `yes` mean yes. */
export async function askToApply({pending, target}: ApplyResult, signal: AbortSignal): Promise<boolean> {
  process.stderr.write(`${await renderChanges(pending.map((change) => row(change, 'pending')))}\n`);
  const question = `make ${count(pending.length, 'change')} on ${printable(target)}? [y/N] `;
  const terminal = createInterface({input: process.stdin, output: process.stderr});
  // readline takes Ctrl-C for itself while it reads
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return /^y(es)?$/i.test((await terminal.question(question, {signal})).trim());
  } finally {
    terminal.close();
  }
}
