export * from './host-set.js';
export * from './lint.js';
export * from './raw-topology.js';
export * from './read-topology.js';
export * from './registry.js';
export * from './remirror-losses.js';
export * from './resolve-topology.js';
export * from './topology.js';
