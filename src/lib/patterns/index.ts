export * from './anomalies/anomalies-file.js';
export * from './anomalies/anomaly.js';
export * from './anomalies/anomaly-labels.js';
export * from './anomalies/anomaly-rules.js';
export * from './anomalies/detect-anomalies.js';
export * from './anomalies/fleet-events.js';
export * from './anomalies/online-detector.js';
export * from './sudden-growth.js';
