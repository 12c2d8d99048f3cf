/** A place for copies, in the part of the cluster that a pool's rule takes. */
export interface WeightedHost {
  readonly host: string;
  /** The failure domain of which no two copies of an object share one: a rack, a host. */
  readonly domain: string;
  /** Its weight for the placement; 0 takes nothing. */
  readonly weight: number;
}

/**
 * How many of an object's copies lie on each host in the mean, when every domain takes at most one and hosts are chosen
 * by weight, those of `lost` taking none. With fewer domains than copies each domain has one.
 *
 * The expectation of min(1, copies x share), what is cut off going to the other domains by weight. CRUSH draws one domain
 * after the other, which gives large domains a little less and small ones a little more than this where weights differ
 * much; with equal weights it is exact.
 */
export function expectedCopies(
  hosts: readonly WeightedHost[],
  copies: number,
  lost: ReadonlySet<string> = new Set(),
): ReadonlyMap<string, number> {
  const alive = hosts.filter(({host, weight}) => weight > 0 && !lost.has(host));
  const domainWeight = new Map<string, number>();
  for (const {domain, weight} of alive) domainWeight.set(domain, (domainWeight.get(domain) ?? 0) + weight);
  const inDomain = fillDomains(domainWeight, copies);
  return new Map(
    alive.map(({host, domain, weight}) => [
      host,
      ((inDomain.get(domain) ?? 0) * weight) / (domainWeight.get(domain) ?? 1),
    ]),
  );
}

function fillDomains(weights: ReadonlyMap<string, number>, copies: number): ReadonlyMap<string, number> {
  const full = new Set<string>();
  for (;;) {
    const open = [...weights].filter(([domain]) => !full.has(domain));
    const total = open.reduce((sum, [, weight]) => sum + weight, 0);
    const rest = copies - full.size;
    const over = open.filter(([, weight]) => (rest * weight) / total > 1);
    if (over.length === 0)
      return new Map([
        ...[...full].map((domain): [string, number] => [domain, 1]),
        ...open.map(([domain, weight]): [string, number] => [domain, Math.max(0, (rest * weight) / total)]),
      ]);
    for (const [domain] of over) full.add(domain);
  }
}
