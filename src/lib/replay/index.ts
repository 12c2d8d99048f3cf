export * from './place-newcomers.js';
export * from './replay-history.js';
export type {PolicyScore} from './score.js';
export * from './score-table.js';
export {alignPanel} from './usage-panel.js';
