import {stat} from 'node:fs/promises';

import {errorText, InputError} from '../core/index.js';
import {type Locate, locateNames} from './locate-names.js';
import type {RawTopology} from './raw-topology.js';
import {topologyImporters} from './registry.js';
import {resolveTopology} from './resolve-topology.js';
import type {Topology} from './topology.js';

/**
 * The topology in a YAML file or a folder of CSV tables (layouts: importers/*.ts).
 * Throws InputError with every fault found, each as `file:line`, field, value and what to do.
 */
export async function readTopology(path: string): Promise<Topology> {
  return resolveTopology(await readRawTopology(path));
}

/** The same, and where its names were stated. */
export async function readLocatedTopology(
  path: string,
): Promise<{readonly topology: Topology; readonly locate: Locate}> {
  const raw = await readRawTopology(path);
  return {topology: resolveTopology(raw), locate: locateNames(raw)};
}

/** The same before its names are resolved, to be changed first. */
export async function readRawTopology(path: string): Promise<RawTopology> {
  const isFolder = await checkIsFolder(path);
  const importers = Object.values(topologyImporters);
  const importer = importers.find((candidate) => candidate.accepts(path, isFolder));
  if (importer === undefined) {
    const hints = importers.map(({name, summary}) => `${name}: ${summary}`);
    throw new InputError('unknown-topology', `${path}: not a topology that can be read`, {hints});
  }
  return importer.read(path);
}

async function checkIsFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw new InputError('cannot-read', `cannot read the topology ${path}: ${errorText(error)}`, {
      cause: error,
    });
  }
}
