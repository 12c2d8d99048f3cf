/**
 * A topology as a folder of CSV tables with a header line; several names in a cell are separated by `;`.
 *
 *     hosts.csv       host,capacity[,other_used],<every other column is a label kind: rack,feed,...>
 *     volumes.csv     volume,replicas[,anti_affinity][,tier][,provisioned][,used]
 *     devices.csv     host,device,capacity[,other_used][,tier]   for hosts that have no capacity in hosts.csv
 *     boundaries.csv  kind[,needs][,id][,hosts]   with id: the hosts listed; without: one for each label value
 *     scenarios.csv   id,fails                    boundaries that fail together, besides each alone
 *     settings.csv    setting,value               fill_limit (0.9), host_boundaries (true), recovery_rate,
 *                                                priority_growth, priority_access (1 each)
 *
 * devices, boundaries, scenarios and settings may be absent; without boundaries every label kind is one. Meaning as in yaml.ts.
 */
import {readdir} from 'node:fs/promises';
import path from 'node:path';

import {type Diagnostic, errorText, nearestName, readText} from '../../core/index.js';
import type {
  Located,
  LocatedList,
  RawDevice,
  RawHost,
  RawTopology,
  TopologyImporter,
} from '../raw-topology.js';

const TABLES = [
  'hosts.csv',
  'volumes.csv',
  'devices.csv',
  'boundaries.csv',
  'scenarios.csv',
  'settings.csv',
] as const;
const SETTINGS = ['fill_limit', 'host_boundaries', 'recovery_rate', 'priority_growth', 'priority_access'];

/** Reads the layout above. */
export const csvImporter: TopologyImporter = {
  name: 'csv',
  summary: 'a folder with hosts.csv, volumes.csv and, if wanted, boundaries, scenarios and settings',
  accepts: (_path, isFolder) => isFolder,
  read: readFolder,
};

/** One line of a table: cells by column, empty ones left out. */
interface Row {
  readonly at: string;
  readonly cells: ReadonlyMap<string, Located>;
}

async function readFolder(folder: string): Promise<RawTopology> {
  const present = await readdir(folder);
  const faults: Diagnostic[] = [];
  for (const required of TABLES.slice(0, 2)) {
    if (!present.includes(required)) faults.push(missingTable(folder, required, present));
  }
  for (const name of present) faults.push(...misnamedTable(folder, name, present));
  const read = async (
    name: (typeof TABLES)[number],
    columns: Columns,
  ): Promise<readonly Row[] | undefined> =>
    present.includes(name) ? readTable(path.join(folder, name), columns, faults) : undefined;
  const hosts = await read('hosts.csv', {required: ['host', 'capacity'], optional: ['other_used', '*']});
  const volumes = await read('volumes.csv', {
    required: ['volume', 'replicas'],
    optional: ['anti_affinity', 'tier', 'provisioned', 'used'],
  });
  const devices = await read('devices.csv', {
    required: ['host', 'device', 'capacity'],
    optional: ['other_used', 'tier'],
  });
  const boundaries = await read('boundaries.csv', {required: ['kind'], optional: ['needs', 'id', 'hosts']});
  const scenarios = await read('scenarios.csv', {required: ['id', 'fails'], optional: []});
  const settings = readSettings(
    (await read('settings.csv', {required: ['setting', 'value'], optional: []})) ?? [],
    faults,
  );
  return {
    source: folder,
    fillLimit: settings.get('fill_limit'),
    hostBoundaries: settings.get('host_boundaries'),
    recoveryRate: settings.get('recovery_rate'),
    priorityGrowth: settings.get('priority_growth'),
    priorityAccess: settings.get('priority_access'),
    hosts: withDevices((hosts ?? []).map(toHost), devices ?? [], faults),
    boundaries: boundaries?.map(({at, cells}) => ({
      at,
      kind: cells.get('kind'),
      needs: cells.get('needs'),
      id: cells.get('id'),
      hosts: names(cells.get('hosts')),
    })),
    scenarios: (scenarios ?? []).map(({at, cells}) => ({
      at,
      id: cells.get('id'),
      fails: names(cells.get('fails')),
    })),
    volumes: (volumes ?? []).map(toVolume),
    faults,
  };
}

function toHost({at, cells}: Row): RawTopology['hosts'][number] {
  const labels = [...cells].filter(([column]) => !['host', 'capacity', 'other_used'].includes(column));
  return {
    at,
    id: cells.get('host'),
    capacity: cells.get('capacity'),
    otherUsed: cells.get('other_used'),
    tier: undefined,
    devices: [],
    labels: labels.map(([kind, cell]) => ({
      kind: {at: cell.at, text: kind},
      values: names(cell)?.values ?? [],
    })),
  };
}

/** The hosts, each with the devices that name it. */
function withDevices(
  hosts: readonly RawHost[],
  rows: readonly Row[],
  faults: Diagnostic[],
): readonly RawHost[] {
  const devicesOf = new Map(hosts.map(({id}) => [id?.text, [] as RawDevice[]]));
  for (const {at, cells} of rows) {
    const host = cells.get('host');
    const device = {
      ...{at, id: cells.get('device'), capacity: cells.get('capacity')},
      ...{otherUsed: cells.get('other_used'), tier: cells.get('tier')},
    };
    const own = devicesOf.get(host?.text);
    if (own !== undefined) own.push(device);
    else {
      const message = `the device is in host ${JSON.stringify(host?.text ?? '')}, which hosts.csv does not have`;
      const advice = 'add the host there with its labels, and without a capacity';
      faults.push({severity: 'error', code: 'unknown-host', at, message, advice});
    }
  }
  return hosts.map((host) => ({...host, devices: devicesOf.get(host.id?.text) ?? []}));
}

function toVolume({at, cells}: Row): RawTopology['volumes'][number] {
  return {
    at,
    id: cells.get('volume'),
    replicas: names(cells.get('replicas')),
    antiAffinity: names(cells.get('anti_affinity')),
    tier: cells.get('tier'),
    provisioned: cells.get('provisioned'),
    used: cells.get('used'),
  };
}

function names(cell: Located | undefined): LocatedList | undefined {
  if (cell === undefined) return undefined;
  const values = cell.text.split(';').map((text) => ({at: cell.at, text: text.trim()}));
  return {at: cell.at, values: values.filter(({text}) => text !== '')};
}

interface Columns {
  readonly required: readonly string[];
  /** `*`: any other column is welcome. */
  readonly optional: readonly string[];
}

async function readTable(file: string, columns: Columns, faults: Diagnostic[]): Promise<readonly Row[]> {
  const text = await readText(file);
  const {parse} = await import('csv-parse/sync');
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  const rows: {line: number; record: string[]}[] = [];
  try {
    let nextLine = 1;
    parse(text, {
      bom: true,
      relaxColumnCount: true,
      trim: true,
      onRecord: (record: string[], {lines: lastLine}) => {
        // csv-parse tells the line a record ends in; blank lines before it were passed over.
        while (nextLine < lastLine && lines[nextLine - 1]?.trim() === '') nextLine += 1;
        rows.push({line: nextLine, record});
        nextLine = lastLine + 1;
        return null;
      },
      skipEmptyLines: true,
    });
  } catch (error) {
    faults.push({severity: 'error', code: 'not-csv', at: file, message: errorText(error)});
    return [];
  }
  const [header, ...body] = rows;
  if (header === undefined) {
    faults.push({severity: 'error', code: 'empty-table', at: `${file}:1`, message: 'the table is empty'});
    return [];
  }
  if (!checkHeader(file, header.record, columns, faults)) return [];
  return body.map(({line, record}) => toRow(`${file}:${line}`, header.record, record, faults));
}

function checkHeader(
  file: string,
  header: readonly string[],
  columns: Columns,
  faults: Diagnostic[],
): boolean {
  const known = [...columns.required, ...columns.optional.filter((name) => name !== '*')];
  const at = `${file}:1`;
  const before = faults.length;
  for (const name of columns.required.filter((required) => !header.includes(required))) {
    const message = `column "${name}" is missing; the header is ${header.join(',')}`;
    faults.push({
      severity: 'error',
      code: 'missing-column',
      at,
      message,
      advice: `add ${name} to the header`,
    });
  }
  header.forEach((name, index) => {
    if (header.indexOf(name) !== index || name === '') {
      const message = name === '' ? `column ${index + 1} has no name` : `column "${name}" is there twice`;
      faults.push({severity: 'error', code: 'bad-column', at, message});
    } else if (!known.includes(name) && !columns.optional.includes('*')) {
      const nearest = nearestName(name, known);
      const advice = nearest === undefined ? `it may have ${known.join(', ')}` : `did you mean "${nearest}"?`;
      const message = `the table has the unknown column ${JSON.stringify(name)}`;
      faults.push({severity: 'error', code: 'unknown-key', at, message, advice});
    }
  });
  return faults.length === before;
}

function toRow(at: string, header: readonly string[], record: readonly string[], faults: Diagnostic[]): Row {
  if (record.length !== header.length) {
    const message = `the row has ${record.length} cells, the header has ${header.length}`;
    const advice = 'quote cells that hold commas, and leave empty ones empty';
    faults.push({severity: 'error', code: 'wrong-cell-count', at, message, advice});
  }
  const cells = header.map((column, index): [string, Located] => [column, {at, text: record[index] ?? ''}]);
  return {at, cells: new Map(cells.filter(([, {text}]) => text !== ''))};
}

function readSettings(rows: readonly Row[], faults: Diagnostic[]): ReadonlyMap<string, Located> {
  const settings = new Map<string, Located>();
  for (const {at, cells} of rows) {
    const name = cells.get('setting')?.text ?? '';
    const value = cells.get('value');
    if (!SETTINGS.includes(name)) {
      const nearest = nearestName(name, SETTINGS);
      const advice =
        nearest === undefined ? `it may be ${SETTINGS.join(', ')}` : `did you mean "${nearest}"?`;
      faults.push({
        severity: 'error',
        code: 'unknown-key',
        at,
        message: `unknown setting ${JSON.stringify(name)}`,
        advice,
      });
    } else if (value !== undefined) settings.set(name, value);
  }
  return settings;
}

function missingTable(folder: string, required: string, present: readonly string[]): Diagnostic {
  const tables = present.filter((name) => name.endsWith('.csv'));
  return {
    severity: 'error',
    code: 'missing-table',
    at: folder,
    message: `the folder has no ${required}`,
    advice: `a topology folder has hosts.csv and volumes.csv; this one has ${tables.join(', ') || 'no .csv'}`,
  };
}

/** A table that is almost called as one of ours would otherwise be passed over. */
function misnamedTable(folder: string, name: string, present: readonly string[]): Diagnostic[] {
  const absent = TABLES.filter((table) => !present.includes(table));
  const nearest = name.toLowerCase().endsWith('.csv') ? nearestName(name, absent) : undefined;
  if (nearest === undefined || present.includes(nearest) || TABLES.some((table) => table === name)) return [];
  const at = path.join(folder, name);
  const message = `the folder has "${name}", which is not a table of a topology`;
  return [{severity: 'error', code: 'unknown-table', at, message, advice: `did you mean "${nearest}"?`}];
}
