import {type Random, sum} from '../../core/index.js';
import type {Fold} from './fold.js';
import {busiestStretch, type CycleTable, tableOf} from './stretch-scan.js';

/** What a test of a period says. */
export interface Locking {
  /** How often noise would look as periodic, or more so. */
  readonly pValue: number;
  /** Cycles that were compared. */
  readonly cycles: number;
}

const MOST_HARMONICS = 48;
/** Numbers of harmonics that are added up: a wave has one, a short peak has many. */
const LADDER: readonly number[] = [1, 2, 3, 5, 8, 13, 21, 34, 48];
const SHUFFLES = 19;
/** Noise of a harmonic is learned from its neighbours, too, until it has so many degrees of freedom. */
const LEAST_FREEDOM = 24;
/** A period whose harmonics are all multiples of one of these is that many times too long. */
const FACTORS = [2, 3, 5, 7];
const LEAST_TO_TRIM = 6;

/**
 * Whether cycles go in step: the Fourier coefficients of each cycle, harmonic by harmonic, against their scatter from cycle to
 * cycle (T2circ of Victor and Mast 1991, Electroenceph. clin. Neurophysiol. 78), added up over the first 1, 2, 3, 5, ...
 * harmonics, the best of which counts (as the H-test of de Jager et al. 1989, A&A 221). As noise is learned at the same frequencies,
 * it need not be white. A period is none when its evidence lies in every second, third, ... harmonic only (a part of it
 * is the season), or in a quarter of its cycles (a longer period is). The probability is held against shuffles of the
 * same values in blocks. `values` fluctuate around 0 and may hold NaN. Undefined when less than two cycles are known.
 */
export function lockingTest(
  values: SeasonValues,
  fold: Fold,
  random: Random,
  level: number,
): Locking | undefined {
  const laid = layOver(values, fold);
  const {cycles, harmonics} = laid.waves;
  if (cycles.length < 2) return undefined;
  const pValue = lockedBy(laid, cycles);
  const refused = {pValue: 1, cycles: cycles.length};
  if (pValue > level) return {...refused, pValue};
  const partLevel = Math.min(0.2, Math.max(1e-8, pValue ** 0.2));
  const ofFactors = FACTORS.filter((factor) => factor <= harmonics);
  if (ofFactors.some((factor) => lockedBy(laid, cycles, factor) > partLevel)) return refused;
  const mostLevel = Math.min(0.5, Math.max(0.01, pValue ** 0.1));
  if (cycles.length >= LEAST_TO_TRIM && lockedBy(laid, trimmed(laid.waves)) > mostLevel) return refused;
  return {pValue: againstShuffles(values, fold, pValue, random), cycles: cycles.length};
}

/** The probability alone, not held against anything: for comparing periods. */
export function rawLocking(values: SeasonValues, fold: Fold): number {
  const laid = layOver(values, fold);
  return laid.waves.cycles.length < 2 ? 1 : lockedBy(laid, laid.waves.cycles);
}

/** Values that fluctuate around 0, and the same made as good as white. */
export interface SeasonValues {
  readonly level: Float64Array;
  readonly white: Float64Array;
}

interface Laid {
  readonly waves: Waves;
  readonly table: CycleTable;
}

function layOver({level, white}: SeasonValues, fold: Fold): Laid {
  return {waves: wavesOf(white, fold), table: tableOf(level, fold)};
}

/** The probability under noise by harmonics or by stretches, whichever is less; twice, as two were asked. */
function lockedBy({waves, table}: Laid, cycles: readonly number[], without?: number): number {
  return Math.min(
    1,
    2 * Math.min(byHarmonics(waves, cycles, without), busiestStretch(table, cycles, without)),
  );
}

/** Fourier coefficients: of cycle c and harmonic h (from 1) at `c * harmonics + h - 1`. */
interface Waves {
  readonly harmonics: number;
  /** Those that are known well enough. */
  readonly cycles: readonly number[];
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

function wavesOf(values: Float64Array, {cycleOf, phaseOf, cycles: whole, periodSteps}: Fold): Waves {
  const harmonics = Math.max(1, Math.min(MOST_HARMONICS, Math.floor(periodSteps / 2)));
  const real = new Float64Array(whole * harmonics);
  const imaginary = new Float64Array(whole * harmonics);
  const counts = new Float64Array(whole);
  for (let step = 0; step < values.length; step += 1) {
    const value = values[step] ?? Number.NaN;
    const cycle = cycleOf[step] ?? 0;
    if (Number.isNaN(value) || cycle < 0 || cycle >= whole) continue;
    counts[cycle] = (counts[cycle] ?? 0) + 1;
    addWaves({harmonics, real, imaginary}, cycle * harmonics, value, 2 * Math.PI * (phaseOf[step] ?? 0));
  }
  const typical = counts.toSorted()[Math.floor(whole / 2)] ?? 0;
  const least = Math.max(0.6 * typical, periodSteps / 5);
  const cycles = Array.from(counts.keys()).filter((cycle) => (counts[cycle] ?? 0) >= least);
  return {harmonics, cycles, real, imaginary};
}

/** Adds a value at an angle to the coefficients that begin at `base`. */
function addWaves(
  {harmonics, real, imaginary}: Omit<Waves, 'cycles'>,
  base: number,
  value: number,
  angle: number,
): void {
  const [turnReal, turnImaginary] = [Math.cos(angle), Math.sin(angle)];
  let [waveReal, waveImaginary] = [value, 0];
  for (let harmonic = base; harmonic < base + harmonics; harmonic += 1) {
    const next = waveReal * turnReal - waveImaginary * turnImaginary;
    waveImaginary = waveReal * turnImaginary + waveImaginary * turnReal;
    waveReal = next;
    real[harmonic] = (real[harmonic] ?? 0) + waveReal;
    imaginary[harmonic] = (imaginary[harmonic] ?? 0) + waveImaginary;
  }
}

interface Spread {
  /** By harmonic: power of the mean over cycles, in units of what noise gives. */
  readonly ratios: Float64Array;
  /** Neighbours on either side that noise was learned from. */
  readonly reach: number;
  /** By harmonic: mean coefficients and the noise of one cycle. */
  readonly meanReal: Float64Array;
  readonly meanImaginary: Float64Array;
  readonly noise: Float64Array;
}

function spreadOf({harmonics, real, imaginary}: Waves, cycles: readonly number[]): Spread {
  const count = cycles.length;
  const meanReal = new Float64Array(harmonics);
  const meanImaginary = new Float64Array(harmonics);
  const scatter = new Float64Array(harmonics);
  for (let harmonic = 0; harmonic < harmonics; harmonic += 1) {
    let [sumReal, sumImaginary, squares] = [0, 0, 0];
    for (const cycle of cycles) {
      const [a, b] = [real[cycle * harmonics + harmonic] ?? 0, imaginary[cycle * harmonics + harmonic] ?? 0];
      sumReal += a;
      sumImaginary += b;
      squares += a * a + b * b;
    }
    meanReal[harmonic] = sumReal / count;
    meanImaginary[harmonic] = sumImaginary / count;
    scatter[harmonic] = Math.max(0, squares - (sumReal ** 2 + sumImaginary ** 2) / count) / (count - 1);
  }
  const reach = Math.max(0, Math.ceil((LEAST_FREEDOM / (count - 1) - 1) / 2));
  const floor = 1e-9 * Math.max(1e-300, sum(scatter) / harmonics);
  const noise = scatter.map((_, harmonic) => {
    const around = scatter.subarray(Math.max(0, harmonic - reach), harmonic + reach + 1);
    return Math.max(floor, sum(around) / around.length);
  });
  const ratios = noise.map(
    (power, harmonic) =>
      (count * ((meanReal[harmonic] ?? 0) ** 2 + (meanImaginary[harmonic] ?? 0) ** 2)) / power,
  );
  return {ratios, reach, meanReal, meanImaginary, noise};
}

/** The probability under noise, from the best number of harmonics; those that are multiples of `without` are left out. */
function byHarmonics(waves: Waves, cycles: readonly number[], without = Infinity): number {
  const {ratios, reach} = spreadOf(waves, cycles);
  let [total, count, tried, best] = [0, 0, 0, 1];
  for (let harmonic = 1; harmonic <= waves.harmonics; harmonic += 1) {
    if (harmonic % without !== 0) {
      total += ratios[harmonic - 1] ?? 0;
      count += 1;
    }
    if (count === 0 || !(LADDER.includes(harmonic) || harmonic === waves.harmonics)) continue;
    const learnedFrom = (cycles.length - 1) * Math.min(waves.harmonics, count + reach);
    tried += 1;
    best = Math.min(best, ratioTail(total / count, count, learnedFrom));
  }
  return Math.min(1, best * tried);
}

/**
 * P(F > ratio) of the F distribution with 2 `above` and 2 `below` degrees of freedom, `above` whole: the sum of a negative
 * binomial distribution (Abramowitz and Stegun 26.6.4).
 */
export function ratioTail(ratio: number, above: number, below: number): number {
  const x = below / (below + above * ratio);
  let term = x ** below;
  let total = term;
  for (let index = 1; index < above; index += 1) {
    term *= ((below + index - 1) / index) * (1 - x);
    total += term;
  }
  return Math.min(1, total);
}

/** The cycles without the quarter, and one, that goes most in step with the rest. */
function trimmed(waves: Waves): readonly number[] {
  const {harmonics, cycles, real, imaginary} = waves;
  const {meanReal, meanImaginary, noise} = spreadOf(waves, cycles);
  const inStep = cycles.map((cycle) => {
    let total = 0;
    for (let harmonic = 0; harmonic < harmonics; harmonic += 1) {
      const [a, b] = [real[cycle * harmonics + harmonic] ?? 0, imaginary[cycle * harmonics + harmonic] ?? 0];
      const own = (a * a + b * b) / cycles.length;
      total +=
        (a * (meanReal[harmonic] ?? 0) + b * (meanImaginary[harmonic] ?? 0) - own) / (noise[harmonic] ?? 1);
    }
    return {cycle, total};
  });
  return inStep
    .toSorted((left, right) => left.total - right.total)
    .slice(0, cycles.length - Math.floor(cycles.length / 4) - 1)
    .map(({cycle}) => cycle);
}

/**
 * The probability, widened as far as shuffles of the values in blocks look more periodic than theory says: their -log p
 * has mean 1 when theory holds. No less than 1 in the number of shuffles when one of them reaches the same.
 */
function againstShuffles(values: SeasonValues, fold: Fold, pValue: number, random: Random): number {
  const meanBlock = Math.max(1, fold.periodSteps / 12);
  let [total, reached] = [0, 0];
  for (let shuffle = 0; shuffle < SHUFFLES; shuffle += 1) {
    const [level, white] = [values.level, values.white].map((each) =>
      shuffled(each, meanBlock, random.fork(`${shuffle}`)),
    );
    const shuffledP = rawLocking({level: level ?? values.level, white: white ?? values.white}, fold);
    total -= Math.log(Math.max(1e-300, shuffledP));
    if (shuffledP <= pValue) reached += 1;
  }
  const widened = Math.exp(Math.log(Math.max(1e-300, pValue)) / Math.max(1, total / SHUFFLES));
  return reached > 0 ? Math.max(widened, (reached + 1) / (SHUFFLES + 1)) : widened;
}

/** What is known of the values in blocks of random length, in a random order; unknown steps stay where they are. */
function shuffled(values: Float64Array, meanBlock: number, random: Random): Float64Array {
  const blocks = inBlocks(
    values.filter((value) => !Number.isNaN(value)),
    meanBlock,
    random,
  );
  let next = 0;
  return values.map((value) => (Number.isNaN(value) ? value : (blocks[next++] ?? 0)));
}

/** The values cut into blocks of random length, the blocks in a random order. */
function inBlocks(values: Float64Array, meanLength: number, random: Random): Float64Array {
  const blocks: Float64Array[] = [];
  for (let from = 0; from < values.length;) {
    const length = 1 + Math.floor(-Math.log(1 - random.next()) * (meanLength - 0.5));
    blocks.push(values.subarray(from, from + length));
    from += length;
  }
  for (let index = blocks.length - 1; index > 0; index -= 1) {
    const other = random.below(index + 1);
    const block = blocks[index] ?? values;
    blocks[index] = blocks[other] ?? values;
    blocks[other] = block;
  }
  const answer = new Float64Array(values.length);
  let at = 0;
  for (const block of blocks) {
    answer.set(block, at);
    at += block.length;
  }
  return answer;
}
