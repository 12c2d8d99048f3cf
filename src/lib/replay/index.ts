export * from './replay-history.js';
export type {PolicyScore, WorstShortfall} from './score.js';
