/** What a volume is used for decides how it grows, breathes and is asked. Shares are of the volume's final growth-free size. */
export interface Role {
  readonly name: string;
  /** How many volumes have it, relative to the other roles. */
  readonly frequency: number;
  /** Typical size, relative to the other roles. */
  readonly size: number;
  /** Typical requests an hour, relative to the other roles. */
  readonly rate: number;
  /** Share of writes among the requests that change no footprint. */
  readonly writeShare: number;
  readonly growth: 'linear' | 'saturating' | 'step';
  /** What it grows by over the whole period. */
  readonly growthShare: number;
  /** Data that come and go with the day, the week and the month. */
  readonly dailyShare: number;
  readonly weeklyShare: number;
  readonly monthlyShare: number;
  /** Sudden loads that are deleted again, a month. */
  readonly spikesPerMonth: number;
  readonly spikeShare: number;
  /** Clean-ups for good, a month. */
  readonly shrinksPerMonth: number;
  readonly shrinkShare: number;
  /** Whether it is asked by people in the daytime or by jobs at night. */
  readonly hours: 'office' | 'night' | 'always';
}

const QUIET = {
  dailyShare: 0,
  weeklyShare: 0,
  monthlyShare: 0,
  spikesPerMonth: 0,
  spikeShare: 0,
  shrinksPerMonth: 0,
  shrinkShare: 0,
} as const;

/** The kinds of volumes that a synthetic cluster is made of. */
export const ROLES: readonly Role[] = [
  {
    ...QUIET,
    name: 'db',
    frequency: 3,
    size: 2,
    rate: 3,
    writeShare: 0.5,
    growth: 'linear',
    growthShare: 0.35,
    dailyShare: 0.02,
    weeklyShare: 0.03,
    hours: 'office',
  },
  {
    ...QUIET,
    name: 'web',
    frequency: 3,
    size: 0.6,
    rate: 2,
    writeShare: 0.2,
    growth: 'saturating',
    growthShare: 0.4,
    dailyShare: 0.05,
    weeklyShare: 0.03,
    hours: 'office',
  },
  {
    ...QUIET,
    name: 'mail',
    frequency: 2,
    size: 1,
    rate: 1.5,
    writeShare: 0.5,
    growth: 'linear',
    growthShare: 0.25,
    weeklyShare: 0.08,
    shrinksPerMonth: 0.4,
    shrinkShare: 0.1,
    hours: 'office',
  },
  {
    ...QUIET,
    name: 'backup',
    frequency: 1.5,
    size: 2,
    rate: 0.7,
    writeShare: 0.8,
    growth: 'step',
    growthShare: 0.3,
    weeklyShare: 0.2,
    monthlyShare: 0.1,
    hours: 'night',
  },
  {
    ...QUIET,
    name: 'build',
    frequency: 2,
    size: 0.7,
    rate: 2,
    writeShare: 0.6,
    growth: 'saturating',
    growthShare: 0.1,
    dailyShare: 0.1,
    spikesPerMonth: 3,
    spikeShare: 0.3,
    hours: 'office',
  },
  {
    ...QUIET,
    name: 'analytics',
    frequency: 1.5,
    size: 1.8,
    rate: 1,
    writeShare: 0.4,
    growth: 'linear',
    growthShare: 0.2,
    weeklyShare: 0.06,
    monthlyShare: 0.25,
    spikesPerMonth: 0.5,
    spikeShare: 0.25,
    hours: 'night',
  },
  {
    ...QUIET,
    name: 'archive',
    frequency: 1,
    size: 2.2,
    rate: 0.2,
    writeShare: 0.3,
    growth: 'step',
    growthShare: 0.5,
    hours: 'always',
  },
  {
    ...QUIET,
    name: 'vm',
    frequency: 4,
    size: 0.8,
    rate: 1,
    writeShare: 0.5,
    growth: 'linear',
    growthShare: 0.12,
    dailyShare: 0.02,
    shrinksPerMonth: 0.3,
    shrinkShare: 0.15,
    hours: 'always',
  },
];
