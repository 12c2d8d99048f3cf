import {z} from 'zod';

/**
 * How much a past observation says about a step to come, by the lag between them:
 * `(1 + lag / decaySteps)^-decayPower x (floor + sum over seasons of gain x exp(-(distance / widthSteps)^2 / 2))`, where
 * the distance is that of the lag from the nearest whole cycle of the season.
 */
export const kernelSchema = z.object({
  decaySteps: z.number().positive(),
  decayPower: z.number().nonnegative(),
  floor: z.number().positive(),
  widthSteps: z.number().positive(),
  /** One a season, in the order of the seasons. */
  gains: z.array(z.number().nonnegative()),
});

export type Kernel = z.infer<typeof kernelSchema>;

const DECAYS: readonly (readonly [number, number])[] = [
  [6, 1.5],
  [2, 1.5],
  [24, 1.5],
  [24, 2],
  [200, 2],
];
const SHAPES = [
  {floor: 0.05, widthSteps: 0.5, gains: [1, 0]},
  {floor: 0.1, widthSteps: 1, gains: [1, 0]},
  {floor: 1, widthSteps: 1, gains: [0, 0]},
  {floor: 0.02, widthSteps: 1, gains: [1, 0]},
  {floor: 0.1, widthSteps: 1, gains: [1, 3]},
  {floor: 0.02, widthSteps: 0.5, gains: [1, 10]},
];

/** What past observations are: values as they were, or what they had moved by over as many steps as lie ahead. */
export type Observed = 'values' | 'moves';

/** The kernels to choose from, the one to beat first. Of moves the season is in what they are measured from. */
export const KERNELS: Readonly<Record<Observed, readonly Kernel[]>> = {
  values: DECAYS.flatMap(([decaySteps, decayPower]) =>
    SHAPES.map((shape): Kernel => ({decaySteps, decayPower, ...shape})),
  ),
  moves: [1000, 100].map((decaySteps): Kernel => ({
    decaySteps,
    decayPower: 2,
    floor: 1,
    widthSteps: 1,
    gains: [],
  })),
};

/** The kernel's weight at lags 0 (never used) to `mostLag`; `seasonSteps` are those seen twice, in rising order. */
export function lagWeights(kernel: Kernel, seasonSteps: readonly number[], mostLag: number): Float64Array {
  return Float64Array.from({length: mostLag + 1}, (_, lag) => {
    const seasonal = seasonSteps.reduce((total, season, index) => {
      const past = lag % season;
      const distance = Math.min(past, season - past) / kernel.widthSteps;
      return total + (kernel.gains[index] ?? 0) * Math.exp((-distance * distance) / 2);
    }, 0);
    return (1 + lag / kernel.decaySteps) ** -kernel.decayPower * (kernel.floor + seasonal);
  });
}
