import {createHash} from 'node:crypto';

/** A seeded source of random numbers: the same seed gives the same numbers on every machine. */
export interface Random {
  /** What it was created with: another one made of it gives the same numbers from the start. */
  readonly seed: string;
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** Uniform whole number in [0, bound). */
  below(bound: number): number;
  /** Normal with mean 0 and variance 1 (Marsaglia's polar method). */
  normal(): number;
  /** An independent source that depends only on this one's seed and the name, not on what was drawn so far. */
  fork(name: string): Random;
}

/** sfc32 (Chris Doty-Humphrey, PractRand), seeded by the SHA-256 of the seed's text. */
export function createRandom(seed: number | string): Random {
  const digest = createHash('sha256').update(String(seed)).digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let counter = digest.readUInt32LE(12) | 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let warmUp = 0; warmUp < 12; warmUp += 1) next();
  return {
    seed: String(seed),
    next,
    below: (bound) => Math.floor(next() * bound),
    normal: () => polarNormal(next),
    fork: (name) => createRandom(`${seed}/${name}`),
  };
}

function polarNormal(next: () => number): number {
  for (;;) {
    const u = 2 * next() - 1;
    const v = 2 * next() - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
  }
}
