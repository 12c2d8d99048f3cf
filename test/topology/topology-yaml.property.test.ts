import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';

import fc from 'fast-check';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';

import {
  type Located,
  type LocatedList,
  type RawDevice,
  type RawTopology,
  readRawTopology,
  readTopology,
  resolveTopology,
  topologyYaml,
} from '../../src/lib/topology/index.js';
import {effort} from '../support/effort.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foreshadow-yaml-'));
});

afterAll(async () => {
  await rm(folder, {recursive: true});
});

const ODD = [
  '007',
  'yes',
  'null',
  '~',
  '1e3',
  '- a',
  'a: b',
  '#x',
  '*a',
  '&a',
  '!!str',
  '{',
  '"',
  "'",
  '|',
  '>',
  '__proto__',
  '0x1f',
  '.inf',
  '12:30',
  'ü/日本',
  'a\nb',
  '\u2028',
  '\u0007',
  '<<',
  '=',
  '?',
  '%',
  '@',
  ' a',
  'a ',
];

const name = fc.oneof(
  fc.constantFrom(...ODD),
  fc.string({minLength: 1, maxLength: 8, unit: 'grapheme'}),
  fc.integer({min: 0, max: 99}).map(String),
);
const bytes = fc.constantFrom('0', '1024', '7.68TB', '2TiB', '9007199254740991', '1e12', '007');

function located(text: string): Located {
  return {at: 'generated', text};
}

function listOf(texts: readonly string[]): LocatedList {
  return {at: 'generated', values: texts.map(located)};
}

const names = (count: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(name, {minLength: 1, maxLength: count});

const topologies = fc
  .record({
    hosts: names(5),
    devices: names(3),
    kinds: names(2),
    values: names(3),
    volumes: names(4),
    numbers: fc.array(fc.nat(), {minLength: 20, maxLength: 20}),
    capacity: bytes,
    used: fc.option(bytes, {nil: undefined}),
    fillLimit: fc.constantFrom(undefined, '0.9', '90%', '1'),
    hostBoundaries: fc.constantFrom(undefined, 'true', 'false'),
    tier: fc.option(name, {nil: undefined}),
    boundary: fc.option(name, {nil: undefined}),
    growth: fc.option(fc.constantFrom('0', '1.5'), {nil: undefined}),
    rate: fc.option(fc.constantFrom('200MB/s', '1000'), {nil: undefined}),
  })
  .map((drawn): RawTopology => {
    const pick = <T>(list: readonly T[], at: number): T => list[(drawn.numbers[at % 20] ?? 0) % list.length]!;
    const optional = (text: string | undefined): Located | undefined =>
      text === undefined ? undefined : located(text);
    const device = (id: string): RawDevice => ({
      at: 'generated',
      id: located(id),
      capacity: located(drawn.capacity),
      otherUsed: optional(drawn.used),
      tier: optional(drawn.tier),
    });
    const hosts = drawn.hosts.map((id, at) => ({
      ...device(id),
      labels: drawn.kinds
        .filter((_, kind) => (drawn.numbers[kind] ?? 0) % 3 > 0 || at === 0)
        .map((kind, index) => ({
          kind: located(kind),
          values: drawn.values
            .slice(0, 1 + ((drawn.numbers[at + index] ?? 0) % drawn.values.length))
            .map(located),
        })),
      ...(at % 2 === 0
        ? {devices: []}
        : {capacity: undefined, otherUsed: undefined, devices: drawn.devices.map(device)}),
    }));
    const places = hosts.flatMap((host) =>
      host.devices.length === 0
        ? [host.id?.text ?? '']
        : host.devices.map(({id}) => `${host.id?.text ?? ''}/${id?.text ?? ''}`),
    );
    const boundaries =
      drawn.boundary === undefined
        ? undefined
        : [
            {
              at: 'generated',
              kind: located(drawn.kinds[0]!),
              needs: located('1'),
              id: undefined,
              hosts: undefined,
            },
            {
              at: 'generated',
              kind: located(`${drawn.boundary}-kind`),
              needs: undefined,
              id: located(drawn.boundary),
              hosts: listOf([drawn.hosts[0]!]),
            },
          ];
    return {
      source: 'generated',
      fillLimit: optional(drawn.fillLimit),
      hostBoundaries: optional(drawn.hostBoundaries),
      recoveryRate: optional(drawn.rate),
      priorityGrowth: optional(drawn.growth),
      priorityAccess: undefined,
      hosts,
      boundaries,
      scenarios: [],
      volumes: drawn.volumes.map((id, at) => ({
        at: 'generated',
        id: located(id),
        replicas: listOf([pick(places, at)]),
        antiAffinity:
          at % 2 === 0 ? listOf(boundaries === undefined ? drawn.kinds : [drawn.kinds[0]!]) : undefined,
        tier: optional(drawn.tier),
        provisioned: optional(drawn.used),
        used: located(drawn.capacity),
      })),
      faults: [],
    };
  });

/** Drawn names may collide (`host/x` and a device): then there is nothing to compare. */
function resolvable(raw: RawTopology): boolean {
  try {
    resolveTopology(raw);
    return true;
  } catch {
    return false;
  }
}

describe('topologyYaml', () => {
  it('writes what reads as the same topology, whatever the names are', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(topologies.filter(resolvable), async (raw) => {
        const file = path.join(folder, 'cluster.yaml');
        await writeFile(file, await topologyYaml(raw, 'from a\rkind: other\nversion: 7'));
        const expected = resolveTopology(raw);
        expect(await readTopology(file)).toEqual(expected);
        compared += 1;
      }),
      {numRuns: effort(150, 3000), seed: 7},
    );
    expect(compared).toBeGreaterThan(100);
  });

  it.each([
    'fixtures/topologies/small.yaml',
    'fixtures/topologies/small',
    'fixtures/topologies/overlapping.yaml',
  ])('keeps %s', async (given) => {
    const raw = await readRawTopology(given);
    const file = path.join(folder, 'again.yaml');
    await writeFile(file, await topologyYaml(raw, 'again'));
    expect(await readTopology(file)).toEqual(await readTopology(given));
    const again = await topologyYaml(await readRawTopology(file), 'again');
    expect(again).toBe(await topologyYaml(raw, 'again'));
  });
});
