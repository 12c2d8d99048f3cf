export * from './shadow-store.js';
