import {formatBytes, sum} from '../lib/core/index.js';
import type {DemoOutcome, DemoStep, StepTitle} from '../lib/workflows/demo-story.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

type Result<K extends DemoStep['kind']> = Extract<DemoStep, {readonly kind: K}>['result'];

/** What comes next, and how one would do it by hand. */
export function renderBegin({title, setup, command}: StepTitle, number: number): string {
  const typed = [setup, command].filter((line) => line !== undefined);
  const lines = typed.map((line) => `   ${paint.faint(`$ ${line}`)}`);
  return `\n${paint.strong(`${number}. ${title}`)}\n${lines.join('\n')}\n`;
}

/** What a step gave, in short: the command itself tells more. The folder is told by its label. */
export async function renderStep(step: DemoStep, folder: string, label: string): Promise<string> {
  return (await renderResult(step)).replaceAll(folder, label);
}

async function renderResult(step: DemoStep): Promise<string> {
  switch (step.kind) {
    case 'ingest':
      return renderIngested(step.result);
    case 'synth':
      return renderMade(step.result);
    case 'plan':
      return renderPlanned(step.result);
    case 'apply':
      return `${step.result.applied.length} hosts changed, ${step.result.unchanged.length} unchanged; ledger at serial ${step.result.serial}`;
    case 'evaluate': {
      const {renderEvaluation} = await import('./evaluate-view.js');
      return renderEvaluation(step.result);
    }
    case 'topology': {
      const {renderTopologyCheck} = await import('./topology-view.js');
      return renderTopologyCheck(step.result);
    }
    case 'replay': {
      const {renderReplay} = await import('./replay-view.js');
      return renderReplay(step.result);
    }
  }
}

function renderMade({hosts, volumes, requests, files, capacityBytes, usedBytes}: Result<'synth'>): string {
  const fill = ((100 * usedBytes) / capacityBytes).toFixed(0);
  return (
    `${hosts} hosts with ${formatBytes(capacityBytes)}, ${fill} % in use; ${volumes} volumes; ` +
    `${requests} requests in ${files.length} files`
  );
}

async function renderIngested({inputs, skipped, totals}: Result<'ingest'>): Promise<string> {
  if (inputs.length === 0) return `nothing new: all ${skipped.length} inputs are in the store already`;
  const formats = [...new Set(inputs.map(({format}) => format))];
  const table = await renderTable(
    [{title: 'format'}, {title: 'files', align: 'right'}, {title: 'rows', align: 'right'}],
    formats.map((format) => {
      const files = inputs.filter((input) => input.format === format);
      return [format, String(files.length), String(sum(files.map(({rows}) => rows)))];
    }),
  );
  const recorded = inputs.at(-1);
  const remarks =
    recorded?.remarks.map((remark) => `${printable(recorded.name)}: ${printable(remark)}`) ?? [];
  const growth = formatBytes(totals.footprintGrowthBytes);
  return [table, ...remarks, `${totals.rows} rows of ${totals.volumes} volumes; footprint +${growth}`].join(
    '\n',
  );
}

async function renderPlanned({plan}: Result<'plan'>): Promise<string> {
  const table = await renderTable(
    [
      {title: 'if this fails'},
      {title: 'to re-create', align: 'right'},
      {title: 'held outside', align: 'right'},
      {title: 'stuck', align: 'right'},
    ],
    plan.boundaries
      .filter(({hosts}) => hosts.length > 1)
      .map(({scenario, demandBytes, heldBytes, stuckBytes}) => [
        scenario,
        formatBytes(demandBytes),
        formatBytes(heldBytes),
        stuckBytes === 0 ? '-' : formatBytes(stuckBytes),
      ]),
  );
  const total = formatBytes(sum(plan.hosts.map(({reserveBytes}) => reserveBytes)));
  const count = plan.boundaries.length;
  const stuck = plan.boundaries.filter(({stuckBytes}) => stuckBytes > 0).length;
  const verdict = plan.feasible
    ? paint.good(`each of ${count} scenarios can be repaired, checked copy by copy`)
    : paint.bad(`${stuck} of ${count} scenarios leave copies stuck`);
  return `${table}\n${plan.policy}: ${total} to hold; ${verdict}`;
}

/** The last table: what was held before and after, and what each policy held and left stuck in replay. */
export async function renderOutcome(outcome: DemoOutcome): Promise<string> {
  const {beforeBytes, afterBytes, policies, sharedBeats, volumes} = outcome;
  const right = {align: 'right'} as const;
  const held = new Map([
    ['static', `before: ${formatBytes(beforeBytes)}`],
    ['shared', `after: ${formatBytes(afterBytes)}`],
  ]);
  const table = await renderTable(
    [
      {title: 'policy'},
      {title: 'byte-hours held', ...right},
      {title: 'bytes stuck', ...right},
      {title: 'repaired', ...right},
      {title: 'vs oracle', ...right},
      {title: 'in the ledger', ...right},
    ],
    policies.map(({policy, heldByteHours, stuckBytes, repairedShare, reserveVsOracle}) => [
      policy,
      `${formatBytes(heldByteHours)} h`,
      formatBytes(stuckBytes),
      `${(Math.floor(10_000 * repairedShare) / 100).toFixed(2)} %`,
      reserveVsOracle === undefined ? '-' : `${reserveVsOracle.toFixed(2)} x`,
      held.get(policy) ?? '',
    ]),
  );
  const freed = beforeBytes - afterBytes;
  const change = `${formatBytes(Math.abs(freed))} ${freed < 0 ? 'more' : 'less'}`;
  const beaten =
    sharedBeats.length === 0
      ? 'shared holds no fewer byte-hours than any policy that leaves as few bytes stuck'
      : `shared holds fewer byte-hours than ${sharedBeats.join(', ')}, at no more stuck bytes`;
  return [
    '',
    paint.strong(`What was held for ${volumes} volumes before and after`),
    '',
    table,
    '',
    `the ledger held ${formatBytes(beforeBytes)} before and holds ${formatBytes(afterBytes)} now, ${change}`,
    beaten,
  ].join('\n');
}
