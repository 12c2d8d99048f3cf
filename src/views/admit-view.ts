import {formatBytes} from '../lib/core/index.js';
import type {AdmitAnswer, AdmitReport} from '../lib/workflows/admit.js';
import {tellLaunches} from './launches-line.js';
import {paint} from './paint.js';
import {printable, renderTable} from './table.js';

const MOST_PLACEMENTS = 20;
const MOST_WAITING = 5;

/** Where the new volumes go, the answers side by side, and what would break first in each. */
export async function renderAdmit({volumes, answers, level}: AdmitReport): Promise<string> {
  const [asIs] = answers;
  const {count, copyBytes, sizeBytes, replicas, tier, antiAffinity} = volumes;
  const what = `${count} ${count === 1 ? 'volume' : 'volumes'} of ${formatBytes(sizeBytes)}`;
  const counted = copyBytes === sizeBytes ? '' : `, ${formatBytes(copyBytes)} of it counted`;
  const rule = antiAffinity.length === 0 ? '' : `, apart in ${antiAffinity.join(', ')}`;
  const where = tier === undefined ? '' : `, on ${tier}`;
  const copies = `${replicas} ${replicas === 1 ? 'copy' : 'copies'} each`;
  const question = printable(`${what} (${copies}${counted}${where}${rule}): `);
  const verdict = asIs?.admitted
    ? paint.good('yes, every scenario can still be repaired, checked copy by copy')
    : paint.bad('no');
  const breaks = answers.flatMap(({whatIf, firstBreak, most}) =>
    firstBreak === undefined
      ? []
      : [
          printable(
            `${whatIf || 'as it is'}: with ${most + 1}, ${firstBreak.message}${tellWaiting(firstBreak)}`,
          ),
        ],
  );
  const parts = [
    await placementTable(asIs),
    await answerTable(answers),
    breaks.join('\n'),
    tellLaunches(asIs?.launches, level),
    `${question}${verdict}`,
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Who would wait for a place. */
function tellWaiting({waiting = []}: NonNullable<AdmitAnswer['firstBreak']>): string {
  if (waiting.length === 0) return '';
  const named = waiting.slice(0, MOST_WAITING).map(({volume, bytes}) => `${volume} (${formatBytes(bytes)})`);
  const hidden = waiting.length - named.length;
  return `; waiting for a place: ${named.join(', ')}${hidden > 0 ? ` and ${hidden} more` : ''}`;
}

async function placementTable(answer: AdmitAnswer | undefined): Promise<string> {
  const placements = answer?.placements ?? [];
  if (placements.length === 0) return '';
  const table = await renderTable(
    [{title: 'volume'}, {title: 'goes to'}],
    placements.slice(0, MOST_PLACEMENTS).map(({volume, hosts}) => [volume, hosts.join(', ')]),
  );
  const hidden = placements.length - MOST_PLACEMENTS;
  return hidden > 0 ? `${table}\n(and ${hidden} more; --json lists them)` : table;
}

function answerTable(answers: readonly AdmitAnswer[]): Promise<string> {
  const bytes = (value: number | undefined): string => (value === undefined ? '-' : formatBytes(value));
  return renderTable(
    [
      {title: 'cluster'},
      {title: 'placed'},
      {title: 'most that fit', align: 'right'},
      {title: 'buffer', align: 'right'},
      {title: 'with them', align: 'right'},
      {title: 'breaks first'},
      {title: 'short by', align: 'right'},
    ],
    answers.map(({whatIf, admitted, most, bufferBytes, bufferWithBytes, firstBreak}) => [
      whatIf || 'as it is',
      admitted ? 'yes' : 'no',
      String(most),
      bytes(bufferBytes),
      bytes(bufferWithBytes),
      firstBreak === undefined ? '-' : firstBreak.scenario || 'no place',
      bytes(firstBreak?.missingBytes),
    ]),
  );
}
