import {csvImporter} from './importers/csv.js';
import {yamlImporter} from './importers/yaml.js';
import type {TopologyImporter} from './raw-topology.js';

/** Every way of reading a topology; the first that accepts a path reads it. */
export const topologyImporters = {
  yaml: yamlImporter,
  csv: csvImporter,
} satisfies Record<string, TopologyImporter>;
