import {describe, expect, it} from 'vitest';

import {PROFILES, probationRows, scaledSigmoid, scoreCorpus, type ScoredFile} from '../../bench/nab-score.js';

const {standard, low_fp: lowFp, low_fn: lowFn} = PROFILES;

/** 100 rows, so 15 of probation; one window of 10 rows, 40 to 49; scores by row, 0 elsewhere. */
function fileWith(scores: Readonly<Record<number, number>>): ScoredFile {
  return {
    scores: Float64Array.from({length: 100}, (_, row) => scores[row] ?? 0),
    windows: [{first: 40, last: 49}],
  };
}

/** Halfway into the window: S(−0.5) / S(−1) = 0.848284 / 0.986614. */
const HALFWAY = 0.859793;

describe('the scoring of the Numenta Anomaly Benchmark', () => {
  it.each([
    [-1, 0.986614],
    [-0.5, 0.848284],
    [0, 0],
    [1, -0.986614],
    [3.1, -1],
  ])('weighs position %d by %d', (position, worth) => {
    expect(scaledSigmoid(position)).toBeCloseTo(worth, 6);
  });

  it('leaves out 15 % of the rows, at most 750', () => {
    expect([99, 4000, 22_695].map(probationRows)).toEqual([14, 600, 750]);
  });

  it('gives 0 to saying nothing, or the same everywhere', () => {
    expect(scoreCorpus([fileWith({})], standard)).toEqual({score: 0, threshold: Infinity});
    const same = {...fileWith({}), scores: new Float64Array(100).fill(0.5)};
    expect(scoreCorpus([same], standard).score).toBe(0);
  });

  it('gives 100 to the first row of each window and nothing else', () => {
    expect(scoreCorpus([fileWith({40: 0.7})], lowFn)).toEqual({score: 100, threshold: 0.7});
  });

  it('counts the best detection of a window once', () => {
    const expected = (100 * (HALFWAY + 1)) / 2;
    expect(scoreCorpus([fileWith({45: 1})], standard).score).toBeCloseTo(expected, 4);
    expect(scoreCorpus([fileWith({45: 1, 46: 1, 49: 1})], standard).score).toBeCloseTo(expected, 4);
  });

  it('charges for what is before any window, and not for probation', () => {
    const scores = {14: 1, 15: 1, 40: 1};
    expect(scoreCorpus([fileWith(scores)], standard).score).toBeCloseTo((100 * (1 - 0.11 + 1)) / 2, 9);
    expect(scoreCorpus([fileWith(scores)], lowFp).score).toBeCloseTo((100 * (1 - 0.22 + 1)) / 2, 9);
    expect(scoreCorpus([fileWith(scores)], lowFn).score).toBeCloseTo((100 * (1 - 0.11 + 2)) / 3, 9);
  });

  it('charges less for what is close after a window', () => {
    // Two rows after its last one, of a width of 10: S(2 / 9) = 2 / (1 + e^(10 / 9)) − 1 = −0.504672.
    const {score} = scoreCorpus([fileWith({40: 1, 51: 1})], standard);
    expect(score).toBeCloseTo((100 * (1 - 0.11 * 0.504672 + 1)) / 2, 4);
  });

  it('takes the one threshold that is best for all files', () => {
    const good = fileWith({40: 0.9});
    const bad = fileWith({20: 0.8, 21: 0.8, 45: 0.8});
    // At 0.9 one of two windows is found (50); at 0.8 both, with two false alarms: 100 (1 + 0.8598 − 0.22 + 2) / 4 is more.
    const found = scoreCorpus([good, bad], standard);
    expect(found.score).toBeCloseTo((100 * (1 + HALFWAY - 0.22 + 2)) / 4, 4);
    expect(found.threshold).toBe(0.8);
    const worse = fileWith(Object.fromEntries(Array.from({length: 25}, (_, row) => [15 + row, 0.8])));
    expect(scoreCorpus([good, worse], standard)).toEqual({score: 50, threshold: 0.9});
  });
});
