export * from './anomalies/online-detector.js';
