import type {Cluster} from './create-cluster.js';

/** What the hosts may be filled to; plans keep below it. */
const FILL_LIMIT = 0.9;

/**
 * The cluster as a topology file (layout: topology/importers/yaml). `usedBytes`, one a volume, is what one replica
 * holds at the end.
 */
export function topologyText(cluster: Cluster, usedBytes: Float64Array): string {
  const {spec, hosts, hostCapacityBytes, volumes} = cluster;
  const lines = ['kind: topology', 'version: 1', `fillLimit: ${FILL_LIMIT}`, 'hosts:'];
  hosts.forEach(({id, rack, feeds, switchName}, index) => {
    const labels = [`rack: ${rack}`];
    if (feeds.length > 0) labels.push(`feed: [${feeds.join(', ')}]`);
    if (switchName !== undefined) labels.push(`switch: ${switchName}`);
    lines.push(`  - {id: ${id}, capacity: ${hostCapacityBytes[index] ?? 0}, labels: {${labels.join(', ')}}}`);
  });
  lines.push('boundaries:', '  - kind: rack');
  if (spec.feeds > 0) lines.push('  - {kind: feed, needs: 1} # a host on two feeds runs on either');
  if (spec.switches > 0) lines.push('  - kind: switch');
  lines.push('volumes:');
  volumes.forEach(({profile, replicas, provisionedBytes}, index) => {
    const names = replicas.map((host) => hosts[host]?.id ?? '').join(', ');
    lines.push(
      `  - {id: ${profile.id}, replicas: [${names}], antiAffinity: [rack], ` +
        `provisioned: ${provisionedBytes}, used: ${usedBytes[index] ?? 0}}`,
    );
  });
  return `${lines.join('\n')}\n`;
}
