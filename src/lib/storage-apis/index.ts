export * from './apply-plan.js';
export * from './journal.js';
export * from './last-changes.js';
export * from './registry.js';
export * from './target.js';
