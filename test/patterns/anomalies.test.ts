import {describe, expect, it} from 'vitest';

import {createRandom, type Series} from '../../src/lib/core/index.js';
import {
  type Anomaly,
  detectAnomalies,
  findFleetEvents,
  parseAnomalyLabels,
  parseAnomalyRules,
} from '../../src/lib/patterns/index.js';

const HOUR_US = 3600e6;
const DAY = 24;
const STEPS = 30 * DAY;
/** A midnight in the last third. */
const AT = 24 * DAY;

/** Thirty days by the hour: 100 at day, 20 from 0 to 7 o'clock, with noise. */
function office(change: (value: number, step: number) => number = (value) => value, id = 'vol-1'): Series {
  const random = createRandom(id);
  const values = Float64Array.from({length: STEPS}, (_, step) => {
    const usual = step % DAY < 8 ? 20 : 100;
    return change(Math.max(1, usual + 4 * random.normal()), step);
  });
  return {id, startUs: 0, stepSeconds: 3600, values};
}

function between(from: number, length: number, changed: (value: number) => number): Series {
  return office((value, step) => (step >= from && step < from + length ? changed(value) : value));
}

/** The anomalies that overlap the steps. */
function over(anomalies: readonly Anomaly[], from: number, length: number): readonly Anomaly[] {
  return anomalies.filter(
    ({startUs, endUs}) => startUs < (from + length) * HOUR_US && endUs > from * HOUR_US,
  );
}

const PLANTED: readonly [string, number, number, (value: number) => number][] = [
  ['spike', AT + 12, 2, () => 400],
  ['drop', AT + 12, 2, () => 5],
  ['unusual-hour', AT + 2, 2, () => 95],
  ['silence', AT + 10, 9, () => 0],
  ['log-silence', AT + 10, 9, () => Number.NaN],
  ['level-shift', AT, 3 * DAY, (value) => value + 200],
];

describe.each(['batch', 'online'] as const)('detectAnomalies, %s', (mode) => {
  it.each(PLANTED)('tells a %s, where it is', (kind, from, length, changed) => {
    const found = over(detectAnomalies(between(from, length, changed), {mode}), from, length);
    const first = found.find((anomaly) => anomaly.kind === kind);
    expect(found.map((anomaly) => anomaly.kind)).toContain(kind);
    expect(first?.startUs).toBe(from * HOUR_US);
    expect(first?.endUs).toBe((from + length) * HOUR_US);
  });

  it('says nothing of what is as always, never changes, or is unknown', () => {
    const values = office().values;
    expect(detectAnomalies(office(), {mode}).length).toBeLessThanOrEqual(2);
    for (const one of [0, 7e9, Number.NaN])
      expect(detectAnomalies({...office(), values: values.map(() => one)}, {mode})).toEqual([]);
    expect(detectAnomalies({...office(), values: new Float64Array()}, {mode})).toEqual([]);
  });

  it('tells nights at noon, in which no value is out of range', () => {
    const series = office((value, step) =>
      step >= AT && step < AT + 2 * DAY ? ((step + 12) % DAY < 8 ? 20 : 100) : value,
    );
    const kinds = over(detectAnomalies(series, {mode}), AT, 2 * DAY).map(({kind}) => kind);
    // Each of its hours may be told by itself as well.
    expect(kinds.filter((kind) => kind === 'changed-rhythm' || kind === 'unusual-hour')).not.toEqual([]);
  });

  it('takes nights without writes and a mostly idle volume for what they are', () => {
    const nights = office((value, step) => (step % DAY < 8 ? 0 : value));
    expect(detectAnomalies(nights, {mode}).filter(({kind}) => kind === 'silence')).toEqual([]);
    const idle = office((value, step) => (step === 40 || step === 90 ? value : 0));
    expect(detectAnomalies(idle, {mode}).filter(({kind}) => kind === 'silence')).toEqual([]);
  });
});

describe('what detectAnomalies tells', () => {
  const [spike] = over(detectAnomalies(between(AT + 12, 2, () => 400)), AT + 12, 2);

  it('has expected and seen, and a line in words', () => {
    expect(spike).toMatchObject({volume: 'vol-1', kind: 'spike', seen: 400});
    expect(spike?.expected).toBeGreaterThan(90);
    expect(spike?.expected).toBeLessThan(110);
    expect(spike?.text).toMatch(/^far more than usual for 2h: 400 where \d+(\.\d+)? was expected$/);
  });

  it('is the same online whatever comes later, for what lies days back', () => {
    const whole = between(AT - 6 * DAY + 12, 2, () => 400);
    const part = {...whole, values: whole.values.slice(0, AT)};
    const early = (series: Series): readonly Anomaly[] =>
      detectAnomalies(series, {mode: 'online'}).filter(({endUs}) => endUs < (AT - 2 * DAY) * HOUR_US);
    expect(early(part)).toEqual(early(whole));
    expect(early(part).map(({kind}) => kind)).toContain('spike');
  });

  it('counts by volume class: the first that matches holds', () => {
    const series = between(AT + 12, 2, () => 400);
    const kindsBy = (rule: object, volumes = 'vol-*'): readonly string[] => {
      const rules = parseAnomalyRules(
        {classes: [{volumes: 'other-?'}, {volumes, ...rule}, {volumes: '*', kinds: []}]},
        'rules',
      );
      return over(detectAnomalies(series, {rules}), AT + 12, 2).map(({kind}) => kind);
    };
    expect(kindsBy({})).toEqual(['spike']);
    expect(kindsBy({kinds: ['drop']})).toEqual([]);
    expect(kindsBy({leastLength: '2h'})).toEqual(['spike']);
    expect(kindsBy({leastLength: '3h'})).toEqual([]);
    expect(kindsBy({leastSeverity: 'minor'})).toEqual(['spike']);
    expect(kindsBy({}, 'vol-?')).toEqual(['spike']);
    expect(kindsBy({}, 'vol-??')).toEqual([]);
  });

  it('refuses rules and labels that make no sense, by field', () => {
    const wrongRule = {classes: [{volumes: '*', leastLength: 'long'}]};
    expect(() => parseAnomalyRules(wrongRule, 'rules.yaml')).toThrow(
      /rules\.yaml: classes\[0\]\.leastLength/,
    );
    const wrongLabel = [{volume: 'v', fromUs: 5, toUs: 5, isAnomaly: true, note: ''}];
    expect(() => parseAnomalyLabels(wrongLabel, 'labels.json')).toThrow(/labels\.json: \[0\]\.toUs/);
  });

  it('honours labels over what it found and over rules; the last one holds', () => {
    const series = between(AT + 12, 2, () => 400);
    const rules = parseAnomalyRules({classes: [{volumes: '*', kinds: []}]}, 'rules');
    const label = (from: number, isAnomaly: boolean, note: string, volume = 'vol-1'): object => ({
      ...{volume, fromUs: from * HOUR_US, toUs: (from + 4) * HOUR_US, isAnomaly, note},
    });
    const notesBy = (...labels: object[]): readonly (string | undefined)[] =>
      over(detectAnomalies(series, {labels: parseAnomalyLabels(labels, 'labels')}), AT + 12, 2).map(
        (anomaly) => anomaly.label,
      );
    expect(notesBy()).toEqual([undefined]);
    expect(notesBy(label(AT + 11, false, 'backup'))).toEqual([]);
    expect(notesBy(label(AT + 11, false, 'backup', 'vol-2'))).toEqual([undefined]);
    expect(notesBy(label(AT + 11, true, 'fire'))).toEqual(['fire']);
    expect(notesBy(label(AT + 11, true, 'fire'), label(AT + 11, false, 'drill'))).toEqual([]);
    const labels = parseAnomalyLabels([label(100, true, 'migration')], 'labels');
    expect(detectAnomalies(series, {rules, labels})).toMatchObject([
      {label: 'migration', startUs: 100 * HOUR_US, endUs: 104 * HOUR_US},
    ]);
  });
});

describe('findFleetEvents', () => {
  const anomaly = (volume: string, hour: number): Anomaly => ({
    ...{volume, kind: 'silence', severity: 'major', score: 0.6, expected: 5, seen: 0, text: ''},
    ...{startUs: hour * HOUR_US, endUs: (hour + 5) * HOUR_US},
  });
  const volumes = Array.from({length: 20}, (_, index) => `vol-${index}`);
  const scattered = volumes.map((volume, index) => anomaly(volume, 37 * index));

  it('tells what many volumes have at once from what each has alone', () => {
    const together = volumes.slice(0, 8).map((volume, index) => anomaly(volume, 300 + (index % 2)));
    const {events, own} = findFleetEvents([...scattered, ...together], {volumes: 20, withinUs: HOUR_US});
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({kind: 'silence', startUs: 300 * HOUR_US, endUs: 306 * HOUR_US});
    expect(events[0]?.volumes).toEqual(volumes.slice(0, 8).sort());
    expect(own).toEqual(scattered);
  });

  it('takes a few of many volumes, or one volume many times, for no event', () => {
    const options = {volumes: 20, withinUs: HOUR_US};
    expect(findFleetEvents(scattered, options).events).toEqual([]);
    const few = volumes.slice(0, 3).map((volume) => anomaly(volume, 300));
    expect(findFleetEvents([...scattered, ...few], options).events).toEqual([]);
    const one = Array.from({length: 9}, () => anomaly('vol-1', 300));
    expect(findFleetEvents([...scattered, ...one], options).events).toEqual([]);
    expect(findFleetEvents([], options)).toEqual({events: [], own: []});
  });
});
