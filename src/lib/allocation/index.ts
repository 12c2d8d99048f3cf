export * from './policy.js';
export * from './plan-file.js';
