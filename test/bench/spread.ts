/** Percentiles of one measurement. */
export interface Spread {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** Throws for no samples: a measurement of nothing is a broken bench. */
export const spreadOf = (samples: readonly number[]): Spread => {
  if (samples.length === 0) throw new Error('nothing was measured');
  const sorted = Float64Array.from(samples).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
};
