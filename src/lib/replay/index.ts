export * from './checkpoint.js';
export {ratesOf, type StatedRates, unknownRates} from './failure-draws.js';
export * from './pareto.js';
export * from './place-newcomers.js';
export type {PolicyScore, ReplayPrices} from './policy-score.js';
export * from './replay-history.js';
export * from './replay-options.js';
export * from './score-table.js';
export {alignPanel} from './usage-panel.js';
