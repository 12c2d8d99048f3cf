import type {InputCoverage} from '../activity.js';

const MINUTE_US = 60_000_000;
/** Silence of an input up to this long is taken for silence, longer for a gap in the log. */
export const DEFAULT_GAP_US = 15 * MINUTE_US;
/** A log that is written rarely, such as hourly usage samples, is silent for longer without a gap. */
const MEDIANS_OF_SILENCE = 3;

/** Notes for which minutes and volumes an input has rows of a kind. */
export class CoverageTally {
  private readonly minutesUs = new Set<number>();
  private readonly volumes = new Set<number>();
  private lastUs = Number.NaN;

  /** A row of the volume in the minute that starts at `minuteUs`. */
  note(volume: number, minuteUs: number): void {
    this.volumes.add(volume);
    if (minuteUs === this.lastUs) return;
    this.lastUs = minuteUs;
    this.minutesUs.add(minuteUs);
  }

  /**
   * For which stretches the input speaks for the volumes that it has rows of. Where none of them has a row for longer
   * than `gapUs`, and for longer than three times the middle distance between minutes with rows, nothing is covered.
   * Undefined when there was no row.
   */
  toCoverage(of: InputCoverage['of'], gapUs: number, names: readonly string[]): InputCoverage | undefined {
    if (this.minutesUs.size === 0) return undefined;
    const starts = Float64Array.from(this.minutesUs).sort();
    const longestUs = Math.max(gapUs, MEDIANS_OF_SILENCE * medianDistance(starts));
    const spansUs: [fromUs: number, toUs: number][] = [];
    for (const startUs of starts) {
      const last = spansUs.at(-1);
      if (last && startUs - last[1] <= longestUs) last[1] = startUs + MINUTE_US;
      else spansUs.push([startUs, startUs + MINUTE_US]);
    }
    const volumes = [...this.volumes].flatMap((number) => names[number] ?? []).sort();
    return {of, gapUs: longestUs, spansUs, volumes};
  }
}

/** 0 where there is none. */
function medianDistance(starts: Float64Array): number {
  const distances = starts.subarray(1).map((startUs, index) => startUs - (starts[index] ?? startUs));
  return distances.sort()[Math.floor(distances.length / 2)] ?? 0;
}
