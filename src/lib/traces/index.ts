export * from './activity.js';
export * from './footprint.js';
