import {createHash} from 'node:crypto';

import {formatInstantUs, invariant} from '../core/index.js';
import {type Markup, markup, markupText, ownMarkup} from '../charts/index.js';
import type {PageParts} from './page-parts.js';
import type {ReportData} from './report-data.js';
import {renderHeadline} from './sections/headline.js';
import type {Section} from './sections/section.js';
import {anomaliesSection} from './sections/anomalies-section.js';
import {boundariesSection} from './sections/boundaries-section.js';
import {changesSection} from './sections/changes-section.js';
import {modelsSection} from './sections/models-section.js';
import {monitorSection} from './sections/monitor-section.js';
import {replaySection} from './sections/replay-section.js';
import {scenariosSection} from './sections/scenarios-section.js';
import {uncoveredSection} from './sections/uncovered-section.js';
import {volumesSection} from './sections/volumes-section.js';

/** In the order of the page; what is to come later is a line here. */
const SECTIONS: readonly ((data: ReportData) => Section)[] = [
  uncoveredSection,
  boundariesSection,
  scenariosSection,
  changesSection,
  volumesSection,
  anomaliesSection,
  modelsSection,
  monitorSection,
  replaySection,
];

/**
 * The report as one HTML document that asks nothing of any other place: style, script and data are in it, and its
 * content security policy names the first two by their SHA-256 and allows nothing else. The same data give the same bytes.
 */
export function renderReport(data: ReportData, {style, script}: PageParts): string {
  const sections = SECTIONS.map((make) => make(data));
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf({style, script})}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="${data.tool}">
<title>${data.title}</title>
<style>${inlined('style', style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<h1>${data.title}</h1>
${renderDates(data)}${renderThemes()}
<nav aria-label="Parts of this report"><ul>
${sections.map(({id, title}) => markup`<li><a href="#${id}">${title}</a></li>\n`)}</ul></nav>
</header>
<main id="content">
${renderWarnings(data.warnings)}${renderHeadline(data)}
${sections.map(renderSection)}
</main>
<footer>
<h2>Made of</h2>
<ul>
${data.sources.map(({kind, name}) => markup`<li>${kind}: <code>${name}</code></li>\n`)}</ul>
<p>${data.tool}. Times are UTC; KiB, MiB, GiB are powers of 1024.</p>
</footer>
<script>${inlined('script', script)}</script>
</body>
</html>
`;
  return markupText(page);
}

/** What the browser may do: apply this style, run this script, and nothing else. */
export function policyOf({style, script}: PageParts): string {
  return [
    "default-src 'none'",
    `style-src ${sourceOf(style)}`,
    `script-src ${sourceOf(script)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Our own style or script as it is: it must not end its element. */
function inlined(element: 'style' | 'script', text: string): Markup {
  invariant(!/<\/|<!--|\r/.test(text), `the ${element} of the page holds what ends it`);
  return ownMarkup(text);
}

/** Which time all this is of. */
function renderDates({patterns, plan}: ReportData): Markup {
  const dates = [
    ...(patterns === undefined ? [] : [`What was known until ${formatInstantUs(patterns.toUs)}`]),
    ...(plan === undefined ? [] : [`plan of ${plan.createdAt}`]),
  ];
  return dates.length === 0 ? markup`` : markup`<p class="note">${dates.join('; ')}.</p>\n`;
}

function renderThemes(): Markup {
  const themes = [
    ['system', 'as the system', ' checked'],
    ['light', 'light', ''],
    ['dark', 'dark', ''],
  ] as const;
  return markup`<fieldset class="themes"><legend>Colours</legend>
${themes.map(
  ([id, label, checked]) =>
    markup`<label><input type="radio" name="theme" id="theme-${id}"${ownMarkup(checked)}> ${label}</label>\n`,
)}</fieldset>`;
}

function renderWarnings(warnings: readonly string[]): Markup {
  if (warnings.length === 0) return markup``;
  return markup`<section id="warnings" aria-label="Warnings"><ul class="bad">
${warnings.map((warning) => markup`<li>! ${warning}</li>\n`)}</ul></section>
`;
}

function renderSection({id, title, content}: Section): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}
</section>
`;
}
