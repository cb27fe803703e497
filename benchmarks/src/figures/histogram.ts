/**
 * Durations in buckets that are at most 1/128 of their value wide: 256 buckets of 1 ns, then 128 for each further power
 * of two. `loadgen/histogram.go` and `java/src/bench/Histogram.java` count in the same buckets.
 */
export interface LatencyCounts {
  /** 7 in all that is written here; another number would mean other buckets. */
  subBucketBits: number
  /** Bucket, count, bucket, count, … in ascending order of buckets; empty buckets are left out. */
  counts: number[]
  maxNs: number
}

const subBucketBits = 7
const subBuckets = 2 ** subBucketBits

/** The largest duration that a bucket holds, in nanoseconds. */
export function bucketEndNs(bucket: number): number {
  if (bucket < 2 * subBuckets) return bucket
  const shift = Math.floor(bucket / subBuckets) - 1
  const mantissa = bucket - shift * subBuckets
  return (mantissa + 1) * 2 ** shift - 1
}

/** @throws Error for counts in other buckets */
export function mergeLatencies(parts: readonly LatencyCounts[]): LatencyCounts {
  const sums = new Map<number, number>()
  let maxNs = 0
  for (const part of parts) {
    if (part.subBucketBits !== subBucketBits) throw new Error(`latencies with ${part.subBucketBits} sub-bucket bits`)
    maxNs = Math.max(maxNs, part.maxNs)
    for (let index = 0; index < part.counts.length; index += 2) {
      const bucket = part.counts[index]!
      sums.set(bucket, (sums.get(bucket) ?? 0) + part.counts[index + 1]!)
    }
  }
  const counts = [...sums].sort(([one], [other]) => one - other).flat()
  return { subBucketBits, counts, maxNs }
}

/**
 * The duration within which this share of the counted ones stayed, never more than the largest.
 * @param share 0.5 for the median
 * @returns nanoseconds, or undefined when nothing was counted
 */
export function percentileNs(latencies: LatencyCounts, share: number): number | undefined {
  const { counts, maxNs } = latencies
  let total = 0
  for (let index = 1; index < counts.length; index += 2) total += counts[index]!
  if (total === 0) return undefined
  const wanted = Math.max(1, Math.ceil(total * share))
  let seen = 0
  for (let index = 0; index < counts.length; index += 2) {
    seen += counts[index + 1]!
    if (seen >= wanted) return Math.min(bucketEndNs(counts[index]!), maxNs)
  }
  return maxNs
}
