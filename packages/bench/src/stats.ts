export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function minimum(values: readonly number[]): number {
  return Math.min(...values);
}

/** Between two values, the point that far from one to the other. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}
