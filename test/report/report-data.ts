import type {ReportData} from '../../src/lib/report/index.js';

const GIB = 2 ** 30;
const HOUR_US = 3_600_000_000;
export const ORIGIN_US = Date.UTC(2026, 10, 24) * 1000;

/** A report of three hosts and as many volumes as asked for, all of them called by `nameOf`. */
export function exampleReport(nameOf: (index: number) => string, volumeCount: number): ReportData {
  const volumes = Array.from({length: volumeCount}, (_, index) => nameOf(index));
  const [first = 'v'] = volumes;
  return {
    title: `Report of ${first}`,
    tool: 'foreshadow/0.0.0',
    sources: [{kind: 'store', name: `folder/${first}`}],
    warnings: [`warned of ${first}`],
    plan: examplePlan(first),
    tightest: [
      {scenario: `rack/${first}`, volumes, hosts: [first], demandBytes: 3 * GIB, heldBytes: 4 * GIB},
    ],
    courses: {
      model: 'ets',
      fromUs: ORIGIN_US - 48 * HOUR_US,
      originUs: ORIGIN_US,
      stepSeconds: 3600,
      courses: [
        {
          scenario: `rack/${first}`,
          past: Array.from({length: 48}, (_, step) => (step === 9 ? null : 2 * GIB + step * 2 ** 20)),
          quantiles: [0.05, 0.25, 0.5, 0.75, 0.95].map((level) => ({
            level,
            values: Array.from({length: 24}, (_, step) => (2 + level * step * 0.1) * GIB),
          })),
        },
      ],
    },
    patterns: {
      fromUs: ORIGIN_US - 48 * HOUR_US,
      toUs: ORIGIN_US,
      subjects: [
        ...volumes.map((id, index) => growthOf(id, index)),
        {...growthOf(`host/${first}`, 1), subject: 'host'},
      ],
    },
    anomalies: {
      ...{metric: 'used-bytes', granularity: 'hourly', volumes: volumeCount},
      ...{fromUs: ORIGIN_US - 48 * HOUR_US, toUs: ORIGIN_US},
      anomalies: volumes.slice(0, 300).map((volume, index) => ({
        ...{
          volume,
          kind: 'spike',
          severity: (['minor', 'major', 'critical'] as const)[index % 3]!,
          score: 0.9,
        },
        ...{startUs: ORIGIN_US - (index % 48) * HOUR_US, endUs: ORIGIN_US, text: `far more: ${volume}`},
        label: `as ${volume} said`,
      })),
      events: [{startUs: ORIGIN_US, endUs: ORIGIN_US + HOUR_US, kind: 'drop', volumes, text: first}],
    },
    evaluation: exampleEvaluation(first),
    monitor: exampleMonitor(first),
    replay: exampleReplay(first),
  };
}

function growthOf(id: string, index: number) {
  const days = index % 5 === 0 ? null : index / 3;
  return {
    ...{subject: 'volume', id, last: index * 7_654_321, roomBytes: 100 * GIB},
    trend: {
      perDay: index % 7 === 0 ? -index * 1e6 : index * 1_234_567,
      interval: {level: 0.9, low: -index * 1000, high: index * 2_345_678},
    },
    full: {days, earliest: days === null ? null : days / 2},
    course: Array.from({length: 60}, (_, point) => (point < 3 ? null : point * index)),
  };
}

function examplePlan(name: string): NonNullable<ReportData['plan']> {
  const row = {hosts: [name, 'other'], demandBytes: 3 * GIB, requiredBytes: 3 * GIB, heldBytes: 4 * GIB};
  return {
    ...{kind: 'foreshadow.plan', version: 1, tool: 'foreshadow/0.0.0'},
    ...{createdAt: '2026-11-24T00:00:00Z', expiresAt: '2026-11-25T00:00:00Z', inputs: [], topologySerial: ''},
    ...{policy: 'shared', feasible: false},
    settings: {level: 0.99, safetyFactor: 1.2, staticShare: 0.2, horizonSeconds: 43_200},
    boundaries: [
      {scenario: `rack/${name}`, ...row, stuckBytes: 0, reason: name},
      {scenario: `feed/${name}`, ...row, stuckBytes: GIB, reason: name},
    ],
    hosts: [
      {
        ...{host: name, capacityBytes: 10 * GIB, predictedUsedBytes: 4 * GIB, roomBytes: 5 * GIB},
        ...{currentReserveBytes: GIB, reserveBytes: 2 * GIB, reason: name},
      },
    ],
    changes: [{host: name, action: 'allocate', fromBytes: GIB, toBytes: 2 * GIB, reason: `${name} needs it`}],
    uncovered: [
      {scenario: `feed/${name}`, volumes: [name], hosts: [name], demandBytes: 3, roomBytes: 1, message: name},
    ],
    waiting: {
      weights: {growth: 1, access: 1},
      volumes: [
        {
          ...{scenario: name, volume: name, copies: 1, bytes: 9, score: 0.5, growthBytes: 1},
          accessPerSecond: 0.1,
        },
      ],
    },
    relaxed: {strictBytes: GIB, strictUncovered: [name], relaxedBytes: GIB, relaxedUncovered: []},
    cures: [{kind: 'grow', hosts: [], moves: [], totalBytes: 1, curesAll: true, message: `grow ${name}`}],
    coverage: [{kind: name, level: 0.99, kept: 9, of: 10, worstShortBytes: 5}],
    warnings: [`warned of ${name}`],
  };
}

function exampleEvaluation(name: string): NonNullable<ReportData['evaluation']> {
  const model = (called: string, wql: number) => ({
    ...{granularity: 'hourly', model: called, wql, mase: 1, smape: 20, owa: 0.9, msis: 12, inside95: 0.94},
    ...{coverage: [0.1, 0.5, 0.9].map((level) => ({level, share: level * 0.95})), scored: 9, failed: 0},
  });
  return {
    ...{metric: 'used-bytes', folds: 3, toBeat: 'seasonal-naive'},
    granularities: [{granularity: 'hourly', horizonSteps: 24, series: 3, steps: 900}],
    models: [model(name, 0.1), model('seasonal-naive', 0.2)],
    skipped: [{granularity: 'weekly', reason: `too short, says ${name}`}],
  };
}

function exampleReplay(name: string): NonNullable<ReportData['replay']> {
  const score = (policy: string, repairedShare: number, heldByteHours: number) => ({
    ...{policy, repairedShare, stuckBytes: repairedShare < 1 ? GIB : 0, volumeHoursAtRisk: 0, heldByteHours},
    ...{meanHeldBytes: heldByteHours / 100, reserveVsOracle: 1.2, movedBytes: 0},
    ...(repairedShare < 1 && {worst: {stuckBytes: GIB, scenario: name, atUs: ORIGIN_US}}),
  });
  return {
    ...{
      fromUs: ORIGIN_US - HOUR_US,
      toUs: ORIGIN_US,
      model: name,
      granularity: 'hourly',
      volumes: 3,
      hosts: 3,
    },
    ...{reviews: 2, scenarios: 2, warnings: [`warned of ${name}`]},
    scores: [score('oracle', 1, 90 * GIB), score('shared', 1, 100 * GIB), score(name, 0.9, 80 * GIB)],
    pareto: [
      {name, policy: name, heldByteHours: 80 * GIB, repairedShare: 0.9, stuckBytes: GIB, isEfficient: true},
      {
        ...{name: 'shared', policy: 'shared', setting: 'level', value: 0.99, heldByteHours: 100 * GIB},
        ...{repairedShare: 1, stuckBytes: 0, isEfficient: true},
      },
    ],
    lost: [{scenario: name, volumes: 1}],
  };
}

function exampleMonitor(name: string): NonNullable<ReportData['monitor']> {
  const group = {granularity: 'hourly', metric: 'used-bytes'};
  const row = {
    ...{...group, model: name, name, series: 3, steps: 1440, bias: -0.021, lossVsNaive: 0.625},
    coverage: [0.5, 0.9, 0.95].map((expected) => ({expected, share: expected - 0.0123})),
    sharpness: [0.5, 0.9, 0.95].map((interval) => ({interval, width: interval / 4})),
  };
  return {
    ...{sinceUs: ORIGIN_US - 480 * HOUR_US, asOfUs: ORIGIN_US, keptForecasts: 60, waitingBlocks: 4},
    rows: [
      {...row, role: 'champion', scope: 'volumes'},
      {...row, role: 'champion', scope: 'boundary'},
      {...row, role: 'challenger', scope: 'class', coverage: [], sharpness: [], bias: undefined},
      {...row, role: 'reference', scope: 'volumes', lossVsNaive: undefined},
    ],
    groups: [
      {
        ...{...group, champion: {model: name}, drift: {nightsPerFalseAlarm: 1000}, action: 'replace'},
        levels: {nights: 20, levels: [{level: 0.95, share: 0.931, ask: 0.962}]},
        challengers: [
          {
            ...{model: name, pairedNights: 20, wonNights: 15, lostNights: 5, lossRatio: 0.9},
            ...{championCoverage: 0.94, challengerCoverage: 0.95, reason: `${name} lost less`},
          },
        ],
        replacements: [{to: {model: name}, lossRatio: 0.9}],
      },
    ],
    plans: [
      {
        createdAtUs: ORIGIN_US - 24 * HOUR_US,
        scenarios: [
          {
            ...{scenario: `rack/${name}`, steps: 24, keptSteps: 23},
            worst: {atUs: ORIGIN_US - HOUR_US, stuckBytes: GIB},
          },
          {scenario: `feed/${name}`, steps: 24, keptSteps: 24},
        ],
      },
    ],
    promises: [
      {
        level: 0.99,
        scenarioSteps: 48,
        keptSteps: 47,
        keptShare: 47 / 48,
        isBroken: true,
        cases: 2,
        keptCases: 1,
      },
    ],
    checks: [
      {check: 'drift', about: 'hourly used-bytes', passed: true, message: `no drift, says ${name}`},
      {check: 'promise', about: 'level 0.99', passed: false, message: `broken by ${name}`},
    ],
  };
}
