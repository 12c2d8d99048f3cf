export * from './activity.js';
export * from './footprint.js';
export * from './ingest-sink.js';
