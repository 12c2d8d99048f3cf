import {formatInstantUs} from '../core/index.js';
import {openStoreWriter} from '../shadow-store/index.js';
import {ingestFiles, type IngestRequest, type IngestResult} from './ingest-files.js';

interface StoreRequest extends Omit<IngestRequest, 'store'> {
  readonly storePath: string;
  readonly nowUs: number;
  /** `foreshadow/0.1.0` */
  readonly tool: string;
  /** Told what the store had to put right first. */
  readonly onRemark: (text: string) => void;
}

/** `ingestFiles` into the shadow store in a folder, which is made when there is none. Throws what opening it throws. */
export async function ingestIntoStore(request: StoreRequest): Promise<IngestResult> {
  const {storePath: path, nowUs, tool, onRemark, signal} = request;
  const writer = await openStoreWriter({path, nowUs, tool, onRemark, ...(signal ? {signal} : {})});
  try {
    const streamSource = `stream of ${formatInstantUs(nowUs)}`;
    return await ingestFiles({...request, streamSource, store: writer});
  } finally {
    await writer.close();
  }
}
