import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

import axe from 'axe-core';
import {type Browser, chromium, type Page} from 'playwright-core';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {z} from 'zod';

import {renderReport} from '../../src/lib/report/index.js';
import {PAGE_PARTS} from '../report/page-parts.js';
import {exampleReport} from '../report/report-data.js';
import {installPackages} from '../support/debian-packages.js';
import {runForeshadow} from '../support/run-foreshadow.js';

const CHROMIUM = '/usr/bin/chromium';
const PICTURES = path.join(import.meta.dirname, 'out');
const WIDTHS = [390, 1280];
const SCHEMES = ['light', 'dark'] as const;
const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '"><svg onload=alert(1)>',
];
const MANY = 10_000;
const why = process.platform === 'linux' ? installPackages(['chromium'], ['chromium']) : 'Debian is needed';
if (why !== undefined) console.warn(`skipped: the report in Chromium: ${why}`);

let browser: Browser;
let folder: string;
/** Made by the built program of made data. */
let real: string;
/** Ten thousand volumes, some of them called by markup. */
let many: string;

beforeAll(async () => {
  if (why !== undefined) return;
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-report-'));
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  process.stderr.write(`Chromium ${browser.version()}\n`);
  real = await makeReal();
  many = path.join(folder, 'many.html');
  await writeFile(many, renderReport(exampleReport(nameOf, MANY), PAGE_PARTS));
}, 300_000);

afterAll(async () => {
  if (why !== undefined) return;
  await browser.close();
  await rm(folder, {recursive: true, force: true});
});

function nameOf(index: number): string {
  return index < HOSTILE.length ? HOSTILE[index]! : `pvc-${String(index).padStart(5, '0')}`;
}

async function makeReal(): Promise<string> {
  const foreshadow = async (command: string): Promise<string> => {
    const {exitCode, stdout, stderr} = await runForeshadow(command.split(' '), {cwd: folder});
    expect([command, exitCode, exitCode === 0 ? '' : stderr + stdout]).toEqual([command, 0, '']);
    return stdout;
  };
  const topology = '--topology cluster/topology.yaml';
  await foreshadow(
    'synth --out cluster --hosts 8 --racks 4 --feeds 2 --volumes 30 --days 28 --fill 50% --usage',
  );
  await foreshadow('ingest cluster/traces/usage.csv');
  await foreshadow(`plan ${topology} --horizon 2d --out plan.json`);
  const policies = '--policies shared,static,largest-boundary --warm-up 14d --sweep';
  await writeFile(
    path.join(folder, 'replay.json'),
    await foreshadow(`replay ${topology} ${policies} --json`),
  );
  const models = '--models seasonal-naive,theta --horizon 3d';
  await writeFile(path.join(folder, 'evaluation.json'), await foreshadow(`evaluate ${models} --json`));
  await foreshadow(
    `report ${topology} --plan plan.json --replay replay.json --evaluation evaluation.json --out report.html`,
  );
  return path.join(folder, 'report.html');
}

/** Opens a file from disk; whatever the page says, asks for or pops up is in `heard`. */
async function open(
  file: string,
  options: NonNullable<Parameters<Browser['newPage']>[0]> = {},
): Promise<{readonly page: Page; readonly heard: string[]}> {
  const page = await browser.newPage({viewport: {width: 1280, height: 900}, ...options});
  const heard: string[] = [];
  page.on('console', (message) => heard.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => heard.push(`error: ${error.message}`));
  page.on('request', (request) => heard.push(`request: ${request.url()}`));
  page.on('dialog', (dialog) => {
    heard.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(pathToFileURL(file).href);
  expect(heard.splice(0, 1)).toEqual([`request: ${pathToFileURL(file).href}`]);
  return {page, heard};
}

/** Of the column, from the first row of the page of the table to its last. */
function column(page: Page, index: number): Promise<string[]> {
  return page.locator(`#volumes-table tbody tr > :nth-child(${index + 1})`).allTextContents();
}

const axeResult = z.object({
  passes: z.array(z.unknown()),
  violations: z.array(
    z.object({id: z.string(), impact: z.string().nullable(), nodes: z.array(z.object({html: z.string()}))}),
  ),
});

async function violationsIn(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const {passes, violations} = axeResult.parse(await page.evaluate('axe.run(document)'));
  expect(passes.length).toBeGreaterThan(20);
  return violations.map(({id, impact, nodes}) => `${id} (${impact ?? ''}): ${nodes[0]?.html ?? ''}`);
}

function scrollWidth(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth');
}

describe.skipIf(why !== undefined)('the report in Chromium', () => {
  it.each(WIDTHS.flatMap((width) => SCHEMES.map((colorScheme) => ({width, colorScheme}))))(
    'opens from disk at $width px, $colorScheme: silent, asking for nothing, as wide as the screen, without a fault that axe knows',
    async ({width, colorScheme}) => {
      await mkdir(PICTURES, {recursive: true});
      const {page, heard} = await open(real, {viewport: {width, height: 900}, colorScheme});
      expect(await scrollWidth(page)).toBe(width);
      expect(await violationsIn(page)).toEqual([]);
      const picture = path.join(PICTURES, `report-${width}-${colorScheme}.png`);
      await page.screenshot({path: picture, fullPage: true});
      process.stderr.write(`${picture}\n`);
      expect(heard).toEqual([]);
      await page.close();
    },
  );

  it('keeps names that are markup as text, of ten thousand volumes, at 390 px too', async () => {
    const {page, heard} = await open(many, {viewport: {width: 390, height: 800}});
    for (const name of HOSTILE) {
      await page.getByLabel('Search volumes').fill(name);
      expect(await column(page, 0)).toEqual([name]);
    }
    expect(await page.locator('img, script:not(:last-of-type):not([type])').count()).toBe(0);
    expect(await scrollWidth(page)).toBe(390);
    expect(await violationsIn(page)).toEqual([]);
    expect(heard).toEqual([]);
    await page.close();
  });

  it('shows without the script what it shows with it, 100 rows', async () => {
    const [bare, full] = [await open(many, {javaScriptEnabled: false}), await open(many)];
    const rowsOf = (page: Page) => page.locator('#volumes-table tbody tr').allTextContents();
    const courses = (page: Page) =>
      page.evaluate<string[]>(
        "[...document.querySelectorAll('#volumes-table .spark path')].map((path) => path.getAttribute('d'))",
      );
    expect(await rowsOf(full.page)).toHaveLength(100);
    expect(await rowsOf(full.page)).toEqual(await rowsOf(bare.page));
    expect(await courses(full.page)).toHaveLength(100);
    expect(await full.page.locator('.tools').isVisible()).toBe(true);
    expect(await bare.page.locator('.tools').isVisible()).toBe(false);
    expect(await full.page.locator('#volume-count').textContent()).toBe(
      await bare.page.locator('#volume-count').textContent(),
    );
    await bare.page.close();
    await full.page.close();
  });

  it('sorts by any column with mouse and keyboard, what is unknown last, and says so', async () => {
    const {page, heard} = await open(many);
    const head = (name: string) => page.locator('#volumes-table th', {hasText: name});
    await head('volume').getByRole('button').click();
    const names = Array.from({length: MANY}, (_, index) => nameOf(index)).sort();
    expect(await column(page, 0)).toEqual(names.slice(0, 100));
    expect(await head('volume').getAttribute('aria-sort')).toBe('ascending');
    await head('days to full').getByRole('button').focus();
    await page.keyboard.press('Enter');
    expect((await column(page, 1)).slice(0, 3)).toEqual(['0.3', '0.7', '1']);
    await page.keyboard.press('Enter');
    expect(await head('days to full').getAttribute('aria-sort')).toBe('descending');
    expect(await head('volume').getAttribute('aria-sort')).toBeNull();
    expect((await column(page, 1))[0]).toBe(String(Number(((MANY - 1) / 3).toFixed(1))));
    await page.keyboard.press('Enter');
    for (let turned = 0; turned < 99; turned += 1)
      await page.getByRole('button', {name: 'Next page'}).click();
    expect(new Set(await column(page, 1))).toEqual(new Set(['-']));
    expect(await page.getByRole('button', {name: 'Next page'}).isDisabled()).toBe(true);
    expect(await page.locator('#volume-count').textContent()).toBe('9901 to 10000 of 10000 volumes');
    expect(heard).toEqual([]);
    await page.close();
  });

  it('searches, tells how many it found, and goes back to the first page', async () => {
    const {page} = await open(many);
    await page.getByRole('button', {name: 'Next page'}).click();
    await page.getByLabel('Search volumes').fill('PVC-0123');
    expect(await page.getByRole('status').textContent()).toBe('1 to 10 of 10 volumes found, of 10000');
    await page.getByLabel('Search volumes').fill('no such volume');
    expect(await page.getByRole('status').textContent()).toBe('No volumes found, of 10000');
    await page.close();
  });

  it('has the colours of the system unless others are chosen, and prints light', async () => {
    const {page} = await open(real, {colorScheme: 'dark'});
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const dark = await background();
    await page.getByLabel('light', {exact: true}).check();
    const light = await background();
    expect(light).not.toBe(dark);
    await page.getByLabel('as the system').check();
    expect(await background()).toBe(dark);
    await page.getByLabel('dark', {exact: true}).check();
    await page.emulateMedia({media: 'print', colorScheme: 'light'});
    expect(await background()).toBe(light);
    expect(await page.locator('nav').isVisible()).toBe(false);
    const pdf = await page.pdf({format: 'A4'});
    await writeFile(path.join(PICTURES, 'report-print.pdf'), pdf);
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    await page.close();
  });
});
