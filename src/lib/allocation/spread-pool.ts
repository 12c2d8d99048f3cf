/**
 * Splits a pool over hosts in proportion to `weights`, none beyond its `limitBytes`; what a full host cannot take goes
 * to the others in the same proportion. Whole bytes; less than the pool only when every host of positive weight is
 * full.
 */
export function spreadPool(
  poolBytes: number,
  weights: ArrayLike<number>,
  limitBytes: ArrayLike<number>,
): Float64Array {
  const shares = new Float64Array(limitBytes.length);
  let open = Array.from({length: limitBytes.length}, (_, host) => host).filter(
    (host) => (weights[host] ?? 0) > 0 && (limitBytes[host] ?? 0) > 0,
  );
  let leftBytes = Math.ceil(poolBytes);
  while (open.length > 0 && leftBytes > 0) {
    const perWeight = leftBytes / open.reduce((sum, host) => sum + (weights[host] ?? 0), 0);
    const full = open.filter((host) => perWeight * (weights[host] ?? 0) >= (limitBytes[host] ?? 0));
    if (full.length === 0) {
      giveWhole(shares, open, leftBytes, {weights, limitBytes, perWeight});
      return shares;
    }
    for (const host of full) {
      const bytes = Math.min(leftBytes, Math.floor(limitBytes[host] ?? 0));
      shares[host] = bytes;
      leftBytes -= bytes;
    }
    open = open.filter((host) => !full.includes(host));
  }
  return shares;
}

/** Rounds each share up until the pool is spent, so that the sum is exact. */
function giveWhole(
  shares: Float64Array,
  open: readonly number[],
  poolBytes: number,
  split: {
    readonly weights: ArrayLike<number>;
    readonly limitBytes: ArrayLike<number>;
    readonly perWeight: number;
  },
): void {
  let leftBytes = poolBytes;
  for (const host of open) {
    const limit = Math.floor(split.limitBytes[host] ?? 0);
    const bytes = Math.min(leftBytes, limit, Math.ceil(split.perWeight * (split.weights[host] ?? 0)));
    shares[host] = bytes;
    leftBytes -= bytes;
  }
}
