export * from './apply-plan.js';
export * from './journal.js';
export * from './lock-file.js';
export * from './registry.js';
export * from './target.js';
