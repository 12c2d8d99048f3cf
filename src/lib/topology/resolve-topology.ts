import {canonicalJson, type Diagnostic, InputError, sha256Hex} from '../core/index.js';
import {type LabelIndex, resolveBoundaries} from './resolve-boundaries.js';
import {type HostNames, resolveHosts} from './resolve-hosts.js';
import {resolveScenarios} from './resolve-scenarios.js';
import {createNameTable, type NameTable, readQuantity} from './resolve-names.js';
import type {Located, RawTopology, RawVolume} from './raw-topology.js';
import {readPlanSettings} from './resolve-settings.js';
import type {Host, Topology, Volume} from './topology.js';

const DEFAULT_FILL_LIMIT = 0.9;

/** Resolves names to indices and texts to bytes. Throws InputError that carries every fault, not only the first. */
export function resolveTopology(raw: RawTopology): Topology {
  const faults = [...raw.faults];
  const fillLimit = readFillLimit(raw.fillLimit, faults);
  const {hosts, names: hostNames} = resolveHosts(raw.hosts, faults);
  if (raw.hosts.length === 0 && faults.length === 0) {
    faults.push({severity: 'error', code: 'no-hosts', at: raw.source, message: 'the topology has no hosts'});
  }
  const withHosts = readSwitch(raw.hostBoundaries, faults);
  const labels = indexLabels(hosts);
  const {boundaries, supplies} = resolveBoundaries({raw, hosts, hostNames, labels, withHosts, faults});
  const scenarios = resolveScenarios({raw: raw.scenarios, hosts, boundaries, supplies, faults});
  const kinds = new Set([...boundaries.map(({kind}) => kind), 'host']);
  const volumeNames = createNameTable('volume', faults);
  const tiers = new Set(hosts.flatMap(({tier}) => tier ?? []));
  const volumes = raw.volumes.flatMap((volume) =>
    resolveVolume(volume, {volumeNames, hostNames, kinds, tiers, faults}),
  );
  const settings = readPlanSettings(raw, faults);
  refuse(raw.source, faults);
  const content = {fillLimit, ...settings, hosts, boundaries, volumes, scenarios};
  return {serial: serialOf(content), ...content};
}

function refuse(source: string, faults: readonly Diagnostic[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const message =
    faults.length === 1
      ? `topology ${first.at ?? source}: ${first.message}`
      : `topology ${source}: ${faults.length} faults`;
  const hints = faults.length === 1 && first.advice !== undefined ? [first.advice] : [];
  throw new InputError(faults.length === 1 ? first.code : 'bad-topology', message, {
    diagnostics: faults,
    hints,
  });
}

interface VolumeContext {
  readonly volumeNames: NameTable;
  readonly hostNames: HostNames;
  readonly kinds: ReadonlySet<string>;
  readonly tiers: ReadonlySet<string>;
  readonly faults: Diagnostic[];
}

function resolveVolume(raw: RawVolume, context: VolumeContext): Volume[] {
  const {volumeNames, kinds, tiers, faults} = context;
  const what = `volume ${JSON.stringify(raw.id?.text ?? '?')}`;
  const replicas = resolveReplicas(raw, what, context);
  const kindNames = createNameTable('boundary kind', faults, kinds);
  const antiAffinity = (raw.antiAffinity?.values ?? []).flatMap((name) =>
    kindNames.find(name, `${what} is kept apart in`).map(() => name.text),
  );
  const provisionedBytes = raw.provisioned && readQuantity(raw.provisioned, 'provisioned', raw, faults);
  const usedBytes = raw.used && readQuantity(raw.used, 'used', raw, faults);
  const tier = raw.tier;
  if (tier !== undefined) createNameTable('tier', faults, tiers).find(tier, `${what} is of`);
  const id = volumeNames.add(raw.id, raw.at);
  const rules = {antiAffinity: [...new Set(antiAffinity)], ...(tier && {tier: tier.text})};
  return id === undefined ? [] : [{id, replicas, ...rules, provisionedBytes, usedBytes}];
}

function resolveReplicas(raw: RawVolume, what: string, {hostNames, faults}: VolumeContext): number[] {
  const names = raw.replicas?.values ?? [];
  if (names.length === 0) {
    const at = raw.replicas?.at ?? raw.at;
    const advice = 'name the hosts that hold its copies';
    faults.push({severity: 'error', code: 'no-replicas', at, message: `${what} has no replicas`, advice});
  }
  const texts = names.map(({text}) => text);
  const twice = names.find(({text}, index) => texts.indexOf(text) !== index);
  if (twice !== undefined) {
    const message = `${what} has two replicas on host ${JSON.stringify(twice.text)}`;
    const advice = 'every replica needs a host of its own';
    faults.push({severity: 'error', code: 'replica-twice', at: twice.at, message, advice});
  }
  return names.flatMap((name) => hostNames.placeOf(name, `${what} has a replica on`));
}

function indexLabels(hosts: readonly Host[]): LabelIndex {
  const kinds = new Map<string, Map<string, number[]>>();
  hosts.forEach(({labels}, index) => {
    for (const [kind, values] of labels) {
      const byValue = kinds.get(kind) ?? new Map<string, number[]>();
      kinds.set(kind, byValue);
      for (const value of values) byValue.set(value, [...(byValue.get(value) ?? []), index]);
    }
  });
  return kinds;
}

function readFillLimit(stated: Located | undefined, faults: Diagnostic[]): number {
  if (stated === undefined) return DEFAULT_FILL_LIMIT;
  const isPercent = stated.text.endsWith('%');
  const share = Number(isPercent ? stated.text.slice(0, -1) : stated.text) / (isPercent ? 100 : 1);
  if (share > 0 && share <= 1) return share;
  const message = `fillLimit is not a share above 0 and at most 1: ${JSON.stringify(stated.text)}`;
  faults.push({
    severity: 'error',
    code: 'bad-fill-limit',
    at: stated.at,
    message,
    advice: 'write 0.9 or 90%',
  });
  return DEFAULT_FILL_LIMIT;
}

function readSwitch(stated: Located | undefined, faults: Diagnostic[]): boolean {
  if (stated === undefined || stated.text === 'true') return true;
  if (stated.text !== 'false') {
    const message = `hostBoundaries is neither true nor false: ${JSON.stringify(stated.text)}`;
    faults.push({
      severity: 'error',
      code: 'bad-switch',
      at: stated.at,
      message,
      advice: 'write true or false',
    });
  }
  return false;
}

function serialOf(content: Omit<Topology, 'serial'>): string {
  const hosts = content.hosts.map((host) => ({...host, labels: [...host.labels]}));
  return sha256Hex(canonicalJson({...content, hosts}));
}
