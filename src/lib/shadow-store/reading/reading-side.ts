import type {ExportQuery, HistoryQuery, ShadowStore} from '../shadow-store.js';
import {describeStore} from '../files/store-info.js';
import {chosenVolumes} from './chosen-volumes.js';
import {describeVolumes} from './describe-volumes.js';
import {exportSteps} from './export-steps.js';
import {type OpenStore, readHistory} from './read-history.js';
import {readCoverage, readSeries} from './read-series.js';

/** What the kinds of stores differ in, beside where series come from. */
interface Described {
  readonly name: string;
  readonly createdAt: string;
  /** Runs a reading, and says in its own words what went wrong. */
  readonly guard: <T>(read: () => Promise<T>) => Promise<T>;
  /** Of what is in files for a store in files. */
  readonly seriesBytes?: number;
}

/** A store as readers know it, over whatever its manifests say and wherever its series come from. */
export function readingSide(store: OpenStore, {name, createdAt, guard, seriesBytes}: Described): ShadowStore {
  const {contents, source} = store;
  const names = [...contents.volumes.keys()].sort();
  const volumes = names.flatMap((volume) => contents.volumes.get(volume) ?? []);
  const chosen = (query: HistoryQuery | ExportQuery): readonly string[] =>
    chosenVolumes(query.volumes, names);
  return {
    volumes: () => volumes,
    info: () => {
      const info = describeStore(name, createdAt, contents);
      return seriesBytes === undefined
        ? info
        : {...info, bytesOnDisk: {...info.bytesOnDisk, series: seriesBytes}};
    },
    readHistory: (query) => guard(() => readHistory(store, chosen(query), query)),
    readSeries: (query, metric) => guard(() => readSeries(store, chosen(query), query, metric)),
    readCoverage: (query) => Promise.resolve(readCoverage(store, chosen(query), query)),
    exportTo: (filePath, query) => guard(() => source.exportRows(chosen(query), filePath, query)),
    exportSteps: (filePath, query) => guard(() => exportSteps(store, chosen(query), filePath, query)),
    describeVolumes: () => guard(() => describeVolumes(store, volumes)),
    close: () => {
      source.close();
    },
  };
}
