package bench;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts durations in buckets that are at most 1/128 of their value wide, as benchmarks/loadgen/histogram.go does. Many
 * threads may record at once.
 */
final class Histogram {
    private static final int SUB_BUCKET_BITS = 7;
    private static final int SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
    private static final int BUCKETS = 36 * SUB_BUCKETS;

    private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);
    private final AtomicLong max = new AtomicLong();

    void record(long nanoseconds) {
        counts.incrementAndGet(bucketOf(nanoseconds));
        max.accumulateAndGet(nanoseconds, Math::max);
    }

    private static int bucketOf(long nanoseconds) {
        if (nanoseconds < 0) {
            return 0;
        }
        if (nanoseconds < 2 * SUB_BUCKETS) {
            return (int) nanoseconds;
        }
        int shift = 64 - Long.numberOfLeadingZeros(nanoseconds) - SUB_BUCKET_BITS - 1;
        return (int) Math.min(BUCKETS - 1, (long) shift * SUB_BUCKETS + (nanoseconds >> shift));
    }

    long total() {
        long sum = 0;
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            sum += counts.get(bucket);
        }
        return sum;
    }

    /** The buckets that hold something, as JSON. */
    String toJson() {
        StringBuilder pairs = new StringBuilder();
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            if (counts.get(bucket) > 0) {
                pairs.append(pairs.length() == 0 ? "" : ",").append(bucket).append(',').append(counts.get(bucket));
            }
        }
        return "{\"subBucketBits\":" + SUB_BUCKET_BITS + ",\"counts\":[" + pairs + "],\"maxNs\":" + max.get() + "}";
    }
}
