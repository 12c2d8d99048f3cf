import type {Diagnosis, FindingState} from '../lib/workflows/diagnose.js';
import {paint} from './paint.js';
import {renderTable} from './table.js';

const SIGNS: Readonly<Record<FindingState, string>> = {ok: 'ok', warn: 'look', fail: 'FAILS', skip: '-'};

/** A row a check, and what to do about those that are not well. */
export async function renderDiagnosis({findings, isWell}: Diagnosis): Promise<string> {
  const rows = findings.map(({about, state, message, advice}) => [
    about,
    SIGNS[state],
    advice === undefined || state === 'ok' ? message : `${message} (${advice})`,
  ]);
  const columns = [{title: 'what', isWhole: true}, {title: '', isWhole: true}, {title: 'found'}];
  const verdict = isWell
    ? paint.good('everything that is needed works')
    : paint.bad('something does not work');
  return `${await renderTable(columns, rows)}\n${verdict}`;
}
