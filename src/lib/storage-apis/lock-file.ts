export {acquireLock, type HeldLock, type LockOwner} from '../core/index.js';
