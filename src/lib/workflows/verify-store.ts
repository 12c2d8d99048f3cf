import {verifyStore, type VerifyProgress, type VerifyReport} from '../shadow-store/index.js';

export interface VerifyRequest {
  readonly storePath: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: VerifyProgress) => void;
}

/** Checks a shadow store against everything that it says of itself. Throws InputError when there is none. */
export function checkStore({storePath, ...options}: VerifyRequest): Promise<VerifyReport> {
  return verifyStore(storePath, options);
}
