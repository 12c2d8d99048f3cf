export * from './shadow-store.js';
export {type FileOperation} from './files/durable-files.js';
export {openShadowStore} from './reading/open-shadow-store.js';
export {openStoreWriter, type StoreWriter, type StoreWriterOptions} from './writing/store-writer.js';
export {usageLevel} from './usage-level.js';
