export * from './artifact.js';
export * from './errors.js';
export * from './nearest-name.js';
export * from './random.js';
export * from './series.js';
export * from './statistics.js';
export * from './time.js';
export * from './units.js';
