import {type BatchInfo, openShadowStore, type StoreInfo, type StoreVolume} from '../shadow-store/index.js';

/** What is in a store; the lists only when asked for. */
export interface StoreDescription extends Omit<StoreInfo, 'batches'> {
  readonly batches?: readonly BatchInfo[];
  readonly volumes?: readonly StoreVolume[];
}

/** Throws InputError when there is no store at the path. */
export async function describeStore(
  storePath: string,
  lists: {readonly batches: boolean; readonly volumes: boolean},
): Promise<StoreDescription> {
  const store = await openShadowStore(storePath);
  try {
    const {batches, ...info} = store.info();
    return {
      ...info,
      ...(lists.batches ? {batches} : {}),
      ...(lists.volumes ? {volumes: store.volumes()} : {}),
    };
  } finally {
    store.close();
  }
}
