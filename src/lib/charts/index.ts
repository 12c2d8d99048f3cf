export * from './markup.js';
export * from './shape.js';
export * from './ticks.js';
