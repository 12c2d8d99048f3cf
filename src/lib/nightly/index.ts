export type {NightAnswer, NightCall, NightStep, Prepared, StepOutcome} from './night-step.js';
export {exitCodeOfNight, runNight} from './run-night.js';
export {hashesOf} from './night-record.js';
