import {type BatchInfo, openShadowStore, type StoreInfo, type VolumeInfo} from '../shadow-store/index.js';

/** What is in a store; the lists only when asked for. */
export interface StoreDescription extends Omit<StoreInfo, 'batches'> {
  readonly batches?: readonly BatchInfo[];
  readonly volumes?: readonly VolumeInfo[];
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
      ...(lists.volumes ? {volumes: await store.describeVolumes()} : {}),
    };
  } finally {
    store.close();
  }
}
