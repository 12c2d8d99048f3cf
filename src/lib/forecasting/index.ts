export * from './model.js';
export * from './peak-forecast.js';
