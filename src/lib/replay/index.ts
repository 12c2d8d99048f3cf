export * from './replay-history.js';
export type {PolicyScore} from './score.js';
export * from './score-table.js';
