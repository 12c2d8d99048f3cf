/** A process that commits a batch and kills itself, as kill -9 would, before its first change of the given kind. */
import {openStoreWriter} from '../../src/lib/shadow-store/index.js';
import {BEGIN_US, SECOND, TOOL} from './batches.js';

const [storePath = '', killAt = ''] = process.argv.slice(2);
const writer = await openStoreWriter({
  path: storePath,
  nowUs: BEGIN_US,
  tool: TOOL,
  onFileOperation: ({action}) => {
    if (action === killAt) process.kill(process.pid, 'SIGKILL');
  },
});
await writer.commit(SECOND);
