import {formatInstantUs, UsageError, writeFileAtomically} from '../core/index.js';
import {quoted} from '../forecasting/index.js';
import {
  askCeph,
  type CephCall,
  type ClusterImportOptions,
  clusterImporters,
  type ImportedCluster,
  type ImportFinding,
  readDocuments,
  resolveTopology,
  type Topology,
  topologyImporters,
  topologyYaml,
  type VolumeSample,
} from '../topology/index.js';

/** Where a topology is to come from. */
export type ImportSource =
  | {readonly kind: 'csv'; readonly folder: string}
  | {
      readonly kind: keyof typeof clusterImporters;
      /** Files, folders with `.json` files, `-`. */
      readonly paths: readonly string[];
      readonly stdin?: AsyncIterable<Uint8Array>;
      readonly options?: ClusterImportOptions;
    }
  | {readonly kind: 'live-ceph'; readonly call: CephCall};

export interface TopologyImportRequest {
  readonly source: ImportSource;
  /** YAML file to write; undefined: the text is only returned. */
  readonly out: string | undefined;
  /** CSV file of usage samples to write, as `ingest` reads them (usage-csv). */
  readonly usageOut: string | undefined;
  /** When the dumps were taken; undefined: they say it themselves. */
  readonly asOfUs: number | undefined;
  /** `foreshadow/0.1.0` */
  readonly tool: string;
}

/** What `topology import` did. */
export interface TopologyImport {
  readonly source: string;
  readonly out: string | undefined;
  readonly usageOut: string | undefined;
  /** Of the topology that was written. */
  readonly serial: string;
  readonly fillLimit: number;
  /** Places for copies: devices, or hosts without. */
  readonly placeCount: number;
  readonly boundaryCount: number;
  readonly volumeCount: number;
  readonly capacityBytes: number;
  readonly sampleCount: number;
  /** ISO 8601; null: not known. */
  readonly sampledAt: string | null;
  readonly errorCount: number;
  readonly warningCount: number;
  readonly findings: readonly ImportFinding[];
}

/**
 * Makes a topology file, and usage samples if wanted, of tables or of what a live cluster says about itself. Throws
 * InputError when no topology comes of it, TargetError when a live cluster does not answer, UsageError when samples are
 * wanted and nobody says when they were taken. Files are written wholly or not at all.
 */
export async function importTopology(
  request: TopologyImportRequest,
): Promise<{readonly summary: TopologyImport; readonly yaml: string}> {
  const {source, out, usageOut, tool} = request;
  const imported = await readSource(source);
  const topology = resolveTopology(imported.raw);
  const atUs = request.asOfUs ?? imported.sampledAtUs;
  const usage = usageOut === undefined ? undefined : usageCsvText(imported.samples, needTime(atUs));
  const name = describeSource(source);
  const taken = atUs === undefined ? '' : `, taken at ${formatInstantUs(atUs)}`;
  const yaml = await topologyYaml(imported.raw, `${tool} topology import, from ${name}${taken}`);
  if (out !== undefined) await writeFileAtomically(out, yaml);
  if (usageOut !== undefined && usage !== undefined) await writeFileAtomically(usageOut, usage);
  return {yaml, summary: summarize(imported, topology, {source: name, out, usageOut, atUs})};
}

async function readSource(source: ImportSource): Promise<ImportedCluster> {
  if (source.kind === 'csv') return readTables(source.folder);
  if (source.kind === 'live-ceph') return clusterImporters.ceph.read(await askCeph(source.call));
  const documents = await readDocuments(source.paths, source.stdin);
  return clusterImporters[source.kind].read(documents, source.options);
}

/** Tables say what volumes use, too, if only once. */
async function readTables(folder: string): Promise<ImportedCluster> {
  const raw = await topologyImporters.csv.read(folder);
  const samples = resolveTopology(raw).volumes.flatMap(({id, usedBytes, provisionedBytes}) =>
    usedBytes === undefined
      ? []
      : [{volume: id, usedBytes, ...(provisionedBytes !== undefined && {provisionedBytes})}],
  );
  return {raw, samples, sampledAtUs: undefined, findings: []};
}

function describeSource(source: ImportSource): string {
  if (source.kind === 'csv') return source.folder;
  return source.kind === 'live-ceph' ? 'a live Ceph' : `${source.kind} dumps ${source.paths.join(', ')}`;
}

function needTime(atUs: number | undefined): number {
  if (atUs !== undefined) return atUs;
  throw new UsageError(
    'no-sample-time',
    'usage samples need a time, and the input does not say when it was taken',
    {
      hints: ['--as-of "$(date -u +%FT%TZ)" for what was taken just now'],
    },
  );
}

/** Sizes only where all are known: the format has no empty ones. */
function usageCsvText(samples: readonly VolumeSample[], atUs: number): string {
  const withSizes = samples.every(({provisionedBytes}) => provisionedBytes !== undefined);
  const header = `volume,time_us,used_bytes${withSizes ? ',provisioned_bytes' : ''}`;
  const rows = samples.map(({volume, usedBytes, provisionedBytes}) =>
    [quoted(volume), atUs, usedBytes, ...(withSizes ? [provisionedBytes] : [])].join(','),
  );
  return `${[header, ...rows].join('\n')}\n`;
}

function summarize(
  {samples, findings}: ImportedCluster,
  topology: Topology,
  {atUs, ...where}: Pick<TopologyImport, 'source' | 'out' | 'usageOut'> & {readonly atUs: number | undefined},
): TopologyImport {
  const errors = findings.filter(({severity}) => severity === 'error');
  const warnings = findings.filter(({severity}) => severity !== 'error');
  return {
    ...where,
    serial: topology.serial,
    fillLimit: topology.fillLimit,
    placeCount: topology.hosts.length,
    boundaryCount: topology.boundaries.length,
    volumeCount: topology.volumes.length,
    capacityBytes: topology.hosts.reduce((sum, {capacityBytes}) => sum + capacityBytes, 0),
    sampleCount: samples.length,
    sampledAt: atUs === undefined ? null : formatInstantUs(atUs),
    errorCount: errors.length,
    warningCount: warnings.length,
    findings: [...errors, ...warnings],
  };
}
