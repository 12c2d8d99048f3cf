import {type Series, US_PER_SECOND} from '../../core/index.js';
import {type DetectionMode, type Evidence, runsOf, scoreOfSurprise} from './evidence.js';
import {createOnlineDetector} from './online-detector.js';

/** So many known steps pass before a pass can tell what is new. */
const WARM_UP_STEPS = 104;
/** Steps closer than this belong together: the shortest stretch that is compared. */
const GAP_STEPS = 4;
/** Rarer, −log10, than an alarm of the online detector, which rests after each: here every step counts. */
const USUAL_SURPRISE = 2.5;

/**
 * Stretches unlike all others. In batch they must be new beside what came before and beside what came after: what is seen
 * for the first time and often from then on is no anomaly.
 */
export function novelStretches(series: Series, mode: DetectionMode): readonly Evidence[] {
  const forward = novelties(series);
  if (mode === 'online') return runsOf('changed-rhythm', forward, GAP_STEPS);
  const backward = novelties({...series, values: series.values.toReversed()}).reverse();
  const scores = forward.map((score, step) => {
    const after = backward[step] ?? 0;
    if (step < WARM_UP_STEPS) return after;
    return step >= forward.length - WARM_UP_STEPS ? score : Math.min(score, after);
  });
  return runsOf('changed-rhythm', scores, GAP_STEPS);
}

function novelties({startUs, stepSeconds, values}: Series): Float64Array {
  const detector = createOnlineDetector();
  return values.map((value, step) => {
    const {surprise} = detector.observe(startUs + step * stepSeconds * US_PER_SECOND, value);
    return scoreOfSurprise(surprise, USUAL_SURPRISE);
  });
}
