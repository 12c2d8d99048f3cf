import {UsageError} from '../core/index.js';
import {initClickHouseStore, type InitReport, isClickHouseUrl} from '../shadow-store/index.js';

export interface InitRequest {
  readonly path: string;
  readonly cluster: string | undefined;
  /** `foreshadow/0.1.0` */
  readonly tool: string;
  readonly nowUs: number;
}

/** Makes the tables of a store in ClickHouse. Throws UsageError for a store in files, which ingest makes. */
export async function initStore(request: InitRequest): Promise<InitReport> {
  if (isClickHouseUrl(request.path)) return initClickHouseStore(request);
  throw new UsageError('no-init-needed', `${request.path} is a folder: ingest makes a store there`, {
    hints: [
      '--store clickhouse://server:8123/foreshadow',
      `foreshadow ingest TRACE... --store ${request.path}`,
    ],
  });
}
