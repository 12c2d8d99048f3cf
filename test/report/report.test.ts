import {createHash} from 'node:crypto';

import fc from 'fast-check';
import {describe, expect, it} from 'vitest';

import {formatBytes} from '../../src/lib/core/index.js';
import {markup, markupText, visibleText} from '../../src/lib/charts/index.js';
import {renderReport, type ReportData} from '../../src/lib/report/index.js';
import {PAGE_PARTS} from './page-parts.js';
import {having, parsePage, withDescendants} from './parse-page.js';
import {exampleReport} from './report-data.js';

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  "' onclick='x",
  '<!--',
  ']]>',
  '&amp;',
];
const anyName = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({unit: 'binary', minLength: 1, maxLength: 40}),
);
const EMPTY: ReportData = {title: 'Nothing', tool: 'foreshadow/0.0.0', sources: [], warnings: []};

/** Elements with the names of their attributes. */
function skeletonOf(html: string): readonly string[] {
  return parsePage(html).map(({tag, attributes}) => `${tag} ${[...attributes.keys()].join(' ')}`);
}

/** Of the volumes that are there without the script. */
function shownNames(html: string): readonly string[] {
  const [table] = having(parsePage(html), 'id', 'volumes-table');
  return having(withDescendants(table!), 'scope', 'row').map(({text}) => text);
}

/** What a number becomes that is none. */
function nonsenseIn(html: string): readonly string[] {
  const told = html.replace(PAGE_PARTS.script, '').replace(PAGE_PARTS.style, '');
  return told.match(/.{0,40}(NaN|Infinity|undefined)/g) ?? [];
}

describe('markup', () => {
  it('gives any text back, as text and as an attribute', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const page = parsePage(markupText(markup`<p title="${name}">${name}</p>`));
        const [paragraph] = page.filter(({tag}) => tag === 'p');
        expect(page.map(({tag}) => tag)).toEqual(['html', 'head', 'body', 'p']);
        expect(paragraph!.text).toBe(visibleText(name));
        expect(paragraph!.attributes.get('title')).toBe(visibleText(name));
      }),
    );
  });
});

describe('a report', () => {
  it('has the same elements and attributes whatever volumes, hosts, models and notes are called', () => {
    const plain = skeletonOf(
      renderReport(
        exampleReport((index) => `name${index}`, 3),
        PAGE_PARTS,
      ),
    );
    fc.assert(
      fc.property(anyName, (name) => {
        const html = renderReport(
          exampleReport((index) => `${name}${index}`, 3),
          PAGE_PARTS,
        );
        expect(skeletonOf(html)).toEqual(plain);
        expect(shownNames(html)).toEqual(
          expect.arrayContaining([0, 1, 2].map((index) => visibleText(`${name}${index}`))),
        );
      }),
      {numRuns: 40},
    );
  });

  it('holds the rows of all volumes as data that no name can break out of', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const html = renderReport(
          exampleReport((index) => `${name}${index}`, 3),
          PAGE_PARTS,
        );
        const [, json = ''] =
          /<script type="application\/json" id="volume-rows">(.*?)<\/script>/s.exec(html) ?? [];
        const rows = JSON.parse(json) as (string | number | null)[][];
        expect(json).not.toContain('<');
        expect(rows.map(([id]) => id).sort()).toEqual(
          [0, 1, 2].map((index) => visibleText(`${name}${index}`)).sort(),
        );
      }),
      {numRuns: 40},
    );
  });

  it('allows its own style and script by their hashes, and nothing else', () => {
    const html = renderReport(exampleReport(String, 3), PAGE_PARTS);
    const page = parsePage(html);
    const policy = having(page, 'http-equiv', 'Content-Security-Policy')[0]!.attributes.get('content');
    const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(html) ?? [];
    const [, script = ''] = /<script>(.*?)<\/script>/s.exec(html) ?? [];
    expect(policy).toBe(
      `default-src 'none'; style-src ${hashOf(style)}; script-src ${hashOf(script)}; base-uri 'none'; form-action 'none'`,
    );
    expect([style, script]).toEqual([PAGE_PARTS.style, PAGE_PARTS.script]);
    // What the policy would refuse, or what would ask for something from elsewhere.
    const attributes = new Set(page.flatMap((element) => [...element.attributes.keys()]));
    expect(
      [...attributes].filter((name) => /^(style|src|srcset|action|on.*|xlink:href)$/.test(name)),
    ).toEqual([]);
    expect(page.filter(({tag}) => ['link', 'img', 'iframe', 'object', 'base'].includes(tag))).toEqual([]);
    for (const {attributes: told} of having(page, 'href')) expect(told.get('href')).toMatch(/^#/);
  });

  it('refuses a page whose style or script would end its own element', () => {
    for (const part of [{script: 'a</script>'}, {style: '<!-- '}])
      expect(() => renderReport(EMPTY, {...PAGE_PARTS, ...part})).toThrow(/ends it/);
  });

  it('is the same, byte by byte, for the same data', () => {
    const made = () => renderReport(exampleReport(String, 3), PAGE_PARTS);
    expect(made()).toBe(made());
  });

  it('says of each part that is missing which command makes it', () => {
    const missing = parsePage(renderReport(EMPTY, PAGE_PARTS))
      .filter(({tag}) => tag === 'section')
      .map((section) => [
        section.attributes.get('id'),
        withDescendants(section).find(({tag}) => tag === 'code')?.text,
      ]);
    expect(missing).toEqual([
      ['uncovered', 'foreshadow plan --out plan.json'],
      ['boundaries', 'foreshadow report --topology cluster.yaml'],
      ['scenarios', 'foreshadow plan --out plan.json'],
      ['changes', 'foreshadow plan --out plan.json'],
      ['volumes', 'foreshadow report --store foreshadow-store'],
      ['anomalies', 'foreshadow patterns anomalies --out anomalies.json'],
      ['models', 'foreshadow evaluate --json > evaluation.json'],
      ['monitor', 'foreshadow monitor --json > monitor.json'],
      ['replay', 'foreshadow replay --topology cluster.yaml --sweep --json > replay.json'],
    ]);
  });

  it('shows empty parts without breaking: no volumes, no anomalies, nothing foreseen, no scores', () => {
    const full = exampleReport(String, 1);
    const html = renderReport(
      {
        ...full,
        plan: {...full.plan!, boundaries: [], hosts: [], changes: [], uncovered: [], waiting: undefined},
        patterns: {...full.patterns!, subjects: []},
        anomalies: {...full.anomalies!, anomalies: [], events: []},
        courses: {...full.courses!, courses: []},
        evaluation: {...full.evaluation!, models: [], granularities: []},
        monitor: {...full.monitor!, rows: [], plans: [], promises: [], checks: []},
        replay: {...full.replay!, scores: [], pareto: []},
      },
      PAGE_PARTS,
    );
    expect(nonsenseIn(html)).toEqual([]);
  });

  it('draws no number that is none', () => {
    const html = renderReport(exampleReport(String, 12), PAGE_PARTS);
    expect(nonsenseIn(html)).toEqual([]);
  });

  it('tells of kept forecasts and plans what came beside what was foreseen and promised, and what to do', () => {
    const page = parsePage(
      renderReport(
        exampleReport(() => 'v', 1),
        PAGE_PARTS,
      ),
    );
    const within = withDescendants(having(page, 'id', 'monitor')[0]!);
    const texts = within.map(({text}) => text.replaceAll('\u00A0', ' '));
    const rows = within
      .filter(({tag}) => tag === 'tr')
      .map(({children}) => children.map(({text}) => text.replaceAll('\u00A0', ' ')));
    expect(rows).toEqual(
      expect.arrayContaining([
        ['of', 'model', 'role', 'in 50 %', 'in 90 %', 'in 95 %', 'bias', 'width', 'x naive', 'steps'],
        ['3 volumes', 'v', 'champion', '48.8 %', '88.8 %', '93.8 %', '-2.1 %', '22.5 %', '0.63', '1,440'],
        ['3 v', 'v', 'challenger', '-', '-', '-', '-', '-', '0.63', '1,440'],
        ['v', '20', '15', '5', '0.900', '95.0 %', '94.0 %', 'v lost less'],
        ['99.00 %', '97.91 %', '48', '1 of 2', '✗ broken'],
        ['rack/v', '2026-11-23T00:00:00Z', '1', '24', '1.00 GiB', '2026-11-23T23:00:00Z'],
      ]),
    );
    for (const told of [
      /^hourly used-bytes, champion v: replace the champion by v, which lost 10.0 % less$/,
      /^Drift test: no drift, says v\.$/,
      /one false alarm in 1,000 nights at most/,
      /level 0.95 holds 93.1 %: ask for 0.962 instead/,
    ])
      expect(texts).toContainEqual(expect.stringMatching(told));
    const headline = withDescendants(having(page, 'id', 'headline')[0]!).map(({text}) => text);
    expect(headline).toEqual(expect.arrayContaining(['! 1 of 2 failed', 'level 0.99: broken by v']));
  });

  it('draws what the plan reckons is needed against what it holds, as far as the plan reckons, whatever is foreseen', () => {
    const data = exampleReport(String, 3);
    const [row] = data.plan!.boundaries;
    fc.assert(
      fc.property(fc.integer({min: 0, max: 2 ** 34}), fc.integer({min: 0, max: 2 ** 34}), (needed, held) => {
        const boundaries = [{...row!, requiredBytes: needed, heldBytes: held}];
        const html = renderReport({...data, plan: {...data.plan!, boundaries}}, PAGE_PARTS);
        const [chart] = withDescendants(having(parsePage(html), 'id', 'boundaries')[0]!).filter(
          ({tag, attributes}) => tag === 'svg' && attributes.get('class') === 'chart',
        );
        const lineOf = (look: string) => {
          const [path] = having(withDescendants(chart!), 'class', look);
          const found = /^M([\d.]+) ([\d.]+)[HV]([\d.]+)$/.exec(path!.attributes.get('d')!);
          const [x, y, to] = found!.slice(1).map(Number);
          return {x: x!, y: y!, to: to!};
        };
        const [need, hold, now, until] = ['needed', 'held', 'now', 'until'].map(lineOf);
        // Twelve of the 24 hours foreseen; the less bytes, the further down.
        expect([need!.x, need!.to]).toEqual([now!.x, until!.x]);
        expect((need!.y - hold!.y) * Math.sign(held - needed)).toBeGreaterThanOrEqual(0);
        expect(chart!.attributes.get('aria-label')).toContain(
          `the plan reckons with ${formatBytes(needed)} until 2026-11-24T12:00:00Z and holds ${formatBytes(held)}`,
        );
      }),
      {numRuns: 25},
    );
  });

  it('stays under 5 MB with 10,000 volumes on 1,000 hosts, everything shown that it ever shows', () => {
    const nameOf = (index: number): string =>
      `pvc-${String(index).padStart(8, '0')}-4c1d-4e5f-9a7b-2f3c4d5e6f70`;
    const data = exampleReport(nameOf, 10_000);
    const [course] = data.courses!.courses;
    const levels = course!.quantiles.map(({level}) => level);
    const wave = (steps: number, level: number) =>
      Array.from({length: steps}, (_, step) => 2 ** 40 * (1 + level * Math.abs(Math.sin(step))));
    const hosts = Array.from({length: 1000}, (_, index) => ({...data.plan!.hosts[0]!, host: nameOf(index)}));
    const [row] = data.plan!.boundaries;
    const html = renderReport(
      {
        ...data,
        plan: {
          ...data.plan!,
          hosts,
          boundaries: hosts.map(({host}) => ({...row!, scenario: `host/${host}`})),
          changes: hosts.map(({host}) => ({...data.plan!.changes[0]!, host})),
        },
        tightest: hosts.map(({host}) => ({...data.tightest![0]!, scenario: `host/${host}`})),
        courses: {
          ...data.courses!,
          courses: Array.from({length: 24}, (_, index) => ({
            scenario: `host/${nameOf(index)}`,
            past: wave(672, 0),
            quantiles: levels.map((level) => ({level, values: wave(336, level)})),
          })),
        },
      },
      PAGE_PARTS,
    );
    expect(Buffer.byteLength(html)).toBeGreaterThan(1_000_000);
    expect(Buffer.byteLength(html)).toBeLessThan(5_000_000);
    expect(shownNames(html).length).toBe(100);
  });
});
