export * from './replay-history.js';
export type {PolicyScore, WorstShortfall} from './score.js';
export * from './score-table.js';
