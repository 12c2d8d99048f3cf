import type {ClusterImporter} from './cluster-importer.js';
import {cephImporter} from './importers/ceph.js';
import {csvImporter} from './importers/csv.js';
import {kubernetesImporter} from './importers/kubernetes.js';
import {yamlImporter} from './importers/yaml.js';
import type {TopologyImporter} from './raw-topology.js';

/** Every way of reading a topology; the first that accepts a path reads it. */
export const topologyImporters = {
  yaml: yamlImporter,
  csv: csvImporter,
} satisfies Record<string, TopologyImporter>;

/** Every way of making a topology of what a live cluster says about itself. */
export const clusterImporters = {
  ceph: cephImporter,
  kubernetes: kubernetesImporter,
} satisfies Record<string, ClusterImporter>;
