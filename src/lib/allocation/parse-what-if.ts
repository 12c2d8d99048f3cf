import {parseBytes, UsageError} from '../core/index.js';
import type {NewHosts} from '../topology/index.js';

/** One change to a cluster. */
export type WhatIfStep =
  | {readonly kind: 'hosts'; readonly hosts: NewHosts}
  /** The boundary has failed for good: its hosts are gone, what they held was re-created elsewhere. */
  | {readonly kind: 'lost'; readonly boundary: string}
  /** All hosts of the boundary are emptied and taken away. */
  | {readonly kind: 'drain'; readonly boundary: string}
  | {readonly kind: 'growth'; readonly factor: number}
  /** Of all volumes, the new ones included. */
  | {readonly kind: 'anti-affinity'; readonly kinds: readonly string[]};

/** Changes made one after another, and how they were written. */
export interface WhatIf {
  readonly text: string;
  readonly steps: readonly WhatIfStep[];
}

const HOSTS = /^hosts\+(\d+)(?:@([^:]+))?:([^:]+)(?::([^:]+))?$/;
const LABEL = /^\s*([^=\s]+)\s*=\s*([^=\s]+)\s*$/;
const BOUNDARY = /^(lost|drain):(.+)$/;
const GROWTH = /^growth\*(\d+(?:\.\d+)?)$/;
const APART = /^anti-affinity=(.*)$/;
const MOST_HOSTS = 10_000;

/**
 * Reads `hosts+2@rack=r3,feed=a:7.68TB:ssd` (labels and tier may be left out), `lost:feed/a`, `drain:rack/r2`,
 * `growth*1.5`, `anti-affinity=rack,feed`; several with `;` between them. Throws UsageError.
 */
export function parseWhatIf(text: string): WhatIf {
  const parts = text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length === 0) throw unreadable(text);
  return {text: parts.join('; '), steps: parts.map(parseStep)};
}

function parseStep(text: string): WhatIfStep {
  const step = parseHosts(text) ?? parseBoundary(text) ?? parseGrowth(text) ?? parseApart(text);
  if (step === undefined) throw unreadable(text);
  return step;
}

function parseHosts(text: string): WhatIfStep | undefined {
  const [, count, labelText = '', capacity, tier] = HOSTS.exec(text) ?? [];
  if (count === undefined || capacity === undefined || parseBytes(capacity) === undefined) return undefined;
  const labels = parseLabels(labelText);
  if (labels === undefined || Number(count) < 1 || Number(count) > MOST_HOSTS) return undefined;
  return {
    kind: 'hosts',
    hosts: {count: Number(count), capacity, ...(tier !== undefined && {tier}), labels},
  };
}

/** `rack=r3,feed=a,feed=b`: values by kind; undefined when a part is no such pair. */
function parseLabels(text: string): NewHosts['labels'] | undefined {
  const byKind = new Map<string, string[]>();
  for (const label of text.split(',').filter((part) => part !== '')) {
    const [, kind = '', value = ''] = LABEL.exec(label) ?? [];
    if (kind === '') return undefined;
    byKind.set(kind, [...(byKind.get(kind) ?? []), value]);
  }
  return [...byKind].map(([kind, values]) => ({kind, values}));
}

function parseBoundary(text: string): WhatIfStep | undefined {
  const [, kind, boundary] = BOUNDARY.exec(text) ?? [];
  if (boundary === undefined) return undefined;
  return {kind: kind === 'lost' ? 'lost' : 'drain', boundary};
}

function parseGrowth(text: string): WhatIfStep | undefined {
  const [, factor] = GROWTH.exec(text) ?? [];
  return factor === undefined ? undefined : {kind: 'growth', factor: Number(factor)};
}

function parseApart(text: string): WhatIfStep | undefined {
  const [, kinds] = APART.exec(text) ?? [];
  return kinds === undefined ? undefined : {kind: 'anti-affinity', kinds: listOf(kinds)};
}

function listOf(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))];
}

function unreadable(text: string): UsageError {
  return new UsageError('bad-what-if', `--whatif cannot be read: "${text}"`, {
    hints: [
      "--whatif 'hosts+2@rack=r3:7.68TB', with a tier 'hosts+2@rack=r3:7.68TB:ssd'",
      "--whatif lost:feed/a, drain:rack/r2, 'growth*1.5', anti-affinity=rack,feed",
      "several at once: --whatif 'drain:rack/r2; growth*1.5'",
    ],
  });
}
