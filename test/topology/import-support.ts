import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';

import {
  type ClusterImporter,
  type ClusterImportOptions,
  type ImportedCluster,
  type JsonDocument,
  readDocuments,
} from '../../src/lib/topology/index.js';

export const CLUSTERS = 'fixtures/topologies';

/** A document that a test may change: parsed JSON. */
export type Json = null | boolean | number | string | Json[] | {[key: string]: Json};

/** The documents of a fixture by name, to be changed. */
export async function documentsOf(folder: string): Promise<Record<string, Json>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const entries = names.map(async (name): Promise<[string, Json]> => {
    const value: unknown = JSON.parse(await readFile(path.join(folder, name), 'utf8'));
    return [path.basename(name, '.json'), value as Json];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** The cluster of documents by name. */
export function importOf(
  importer: ClusterImporter,
  documents: Readonly<Record<string, unknown>>,
  options?: ClusterImportOptions,
): ImportedCluster {
  const given = Object.entries(documents).map(([source, value]): JsonDocument => ({source, value}));
  return importer.read(given, options);
}

/** The cluster of a fixture. */
export async function importFixture(importer: ClusterImporter, name: string): Promise<ImportedCluster> {
  return importer.read(await readDocuments([`${CLUSTERS}/${name}`]));
}

/** `severity code at: message` */
export function findingLines({findings}: ImportedCluster): readonly string[] {
  return findings.map(({severity, code, at, message}) => `${severity} ${code} ${at}: ${message}`);
}

/** Codes of the findings, each once. */
export function codesOf({findings}: ImportedCluster): readonly string[] {
  return [...new Set(findings.map(({code}) => code))];
}
