import type {Diagnostic} from '../core/index.js';
import type {RawScenario} from './raw-topology.js';
import {failsWithout, type Supplies} from './resolve-boundaries.js';
import {createNameTable} from './resolve-names.js';
import type {FailureScenario, Host, RiskBoundary} from './topology.js';

interface ScenarioInput {
  readonly raw: readonly RawScenario[];
  readonly hosts: readonly Host[];
  readonly boundaries: readonly RiskBoundary[];
  readonly supplies: Supplies;
  readonly faults: Diagnostic[];
}

/** Each boundary alone, then the combinations stated, for which k-of-n supplies are counted anew. */
export function resolveScenarios(input: ScenarioInput): FailureScenario[] {
  const {boundaries, faults} = input;
  const single = boundaries.map(({id, hosts}) => ({id, boundaries: [id], hosts}));
  const boundaryNames = createNameTable(
    'boundary',
    faults,
    boundaries.map(({id}) => id),
  );
  const scenarioNames = createNameTable(
    'scenario',
    faults,
    boundaries.map(({id}) => id),
  );
  const combined = input.raw.flatMap((raw) => {
    if (raw.fails === undefined || raw.fails.values.length === 0) {
      const advice = 'list boundaries, such as rack/r1';
      faults.push({
        severity: 'error',
        code: 'no-fails',
        at: raw.at,
        message: 'the scenario fails nothing',
        advice,
      });
    }
    const failed = (raw.fails?.values ?? [])
      .flatMap((name) => boundaryNames.find(name, `scenario ${JSON.stringify(raw.id?.text ?? '?')} fails`))
      .flatMap((index) => boundaries[index] ?? []);
    const id = scenarioNames.add(raw.id, raw.at);
    if (id === undefined) return [];
    return [{id, boundaries: failed.map((boundary) => boundary.id), hosts: hostsLost(failed, input)}];
  });
  return [...single, ...combined];
}

function hostsLost(failed: readonly RiskBoundary[], {hosts, supplies}: ScenarioInput): number[] {
  const lost = new Set(failed.flatMap((boundary) => boundary.hosts));
  for (const [kind, needs] of supplies) {
    const prefix = `${kind}/`;
    const values = failed.filter((boundary) => boundary.kind === kind).map(({id}) => id.slice(prefix.length));
    const lostValues = new Set(values);
    hosts.forEach((host, index) => {
      if (failsWithout(host, kind, needs, lostValues)) lost.add(index);
    });
  }
  return [...lost].sort((left, right) => left - right);
}
