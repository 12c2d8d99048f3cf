import {createHash} from 'node:crypto';

/** A seeded source of random numbers: the same seed gives the same numbers on every machine. */
export interface Random {
  /** What it was created with: another one made of it gives the same numbers from the start. */
  readonly seed: string;
  /** Where it stands: `createRandom` goes on from there. */
  state(): RandomState;
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** Uniform whole number in [0, bound). */
  below(bound: number): number;
  /** Normal with mean 0 and variance 1 (Marsaglia's polar method). */
  normal(): number;
  /** An independent source that depends only on this one's seed and the name, not on what was drawn so far. */
  fork(name: string): Random;
}

/** The four 32-bit words of a source of random numbers. */
export type RandomState = readonly [number, number, number, number];

/**
 * sfc32 (Chris Doty-Humphrey, PractRand), seeded by the SHA-256 of the seed's text; with a state that one of the same seed
 * told, it gives the numbers that would have come next.
 */
export function createRandom(seed: number | string, state?: RandomState): Random {
  let [a, b, c, counter] = state ?? seeded(seed);
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let warmUp = 0; state === undefined && warmUp < 12; warmUp += 1) next();
  return {
    seed: String(seed),
    state: () => [a, b, c, counter],
    next,
    below: (bound) => Math.floor(next() * bound),
    normal: () => polarNormal(next),
    fork: (name) => createRandom(`${seed}/${name}`),
  };
}

function seeded(seed: number | string): RandomState {
  const digest = createHash('sha256').update(String(seed)).digest();
  const word = (index: number): number => digest.readUInt32LE(4 * index);
  return [word(0), word(1), word(2), word(3) | 1];
}

function polarNormal(next: () => number): number {
  for (;;) {
    const u = 2 * next() - 1;
    const v = 2 * next() - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
  }
}
