import {lintTopology, type LintFinding, readLocatedTopology} from '../topology/index.js';

/** A finding, and where what it is about was stated. */
export interface LocatedFinding extends LintFinding {
  /** `file:line` */
  readonly place: string;
}

/** What `topology check` found. */
export interface TopologyCheck {
  readonly source: string;
  readonly serial: string;
  readonly hostCount: number;
  readonly boundaryCount: number;
  readonly scenarioCount: number;
  readonly volumeCount: number;
  readonly errorCount: number;
  readonly warningCount: number;
  readonly findings: readonly LocatedFinding[];
}

/** Reads a topology and lints it. Throws InputError when it cannot be read. */
export async function checkTopology(path: string): Promise<TopologyCheck> {
  const {topology, locate} = await readLocatedTopology(path);
  const findings = lintTopology(topology).map((finding) => {
    return {...finding, place: locate(finding.about, finding.at) ?? path};
  });
  const errorCount = findings.filter(({severity}) => severity === 'error').length;
  return {
    source: path,
    serial: topology.serial,
    hostCount: topology.hosts.length,
    boundaryCount: topology.boundaries.length,
    scenarioCount: topology.scenarios.length,
    volumeCount: topology.volumes.length,
    errorCount,
    warningCount: findings.length - errorCount,
    findings,
  };
}
