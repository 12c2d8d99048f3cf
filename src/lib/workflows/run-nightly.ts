import path from 'node:path';

import {formatInstantUs} from '../core/index.js';
import {
  exitCodeOfNight,
  type NightAnswer,
  type NightCall,
  runNight,
  type StepOutcome,
} from '../nightly/index.js';
import {type NightlySettings, nightSteps} from './nightly-steps.js';

export interface NightlyOptions extends NightlySettings {
  readonly tool: string;
  /** Runs a command of ours, with `--json`. */
  readonly call: (argv: readonly string[]) => Promise<NightAnswer>;
  /** What foreshadow.yaml and the environment add to a call. */
  readonly settingsOf: (argv: readonly string[]) => Promise<readonly string[]>;
  readonly signal: AbortSignal;
  readonly onBegin: (step: string) => void;
  readonly onEnd: (outcome: StepOutcome) => void;
}

export interface NightlySummary {
  readonly out: string;
  /** What the night was run as of: the end of the data. */
  readonly asOfUs: number | undefined;
  readonly steps: readonly StepOutcome[];
  /** 0, 4 a check failed, 7 changes are pending, or that of the error that ended it. */
  readonly exitCode: number;
}

/**
 * The whole chain, by the commands that a person would type: ingest what is new, patterns, monitor, train when due,
 * forecast, plan, gate, report. Each step is left out when its inputs are those of its last run. Throws InputError when
 * the record of the last night cannot be read, TargetError when the disk refuses.
 */
export async function runNightly(options: NightlyOptions): Promise<NightlySummary> {
  const night = {asOfUs: options.asOfUs};
  const call = ({argv}: NightCall): Promise<NightAnswer> => options.call(argv);
  const steps = await runNight(nightSteps({...options, night}), {
    recordPath: path.join(options.out, 'nightly.json'),
    tool: options.tool,
    createdAt: () => formatInstantUs(night.asOfUs ?? 0),
    ...{call, settingsOf: options.settingsOf, signal: options.signal},
    ...{onBegin: options.onBegin, onEnd: options.onEnd},
  });
  return {out: options.out, asOfUs: night.asOfUs, steps, exitCode: exitCodeOfNight(steps)};
}
