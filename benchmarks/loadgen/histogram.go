package main

import "math/bits"

// Histogram counts durations in buckets that are at most 1/128 of their value wide: 256 buckets of 1 ns, then 128 for
// each further power of two. Its memory does not depend on how much it counts.
//
// benchmarks/src/figures/histogram.ts reads the same buckets.
type Histogram struct {
	counts []uint64
	max    int64
}

const (
	subBucketBits = 7
	subBuckets    = 1 << subBucketBits
	// Durations are counted up to 2^42 ns, more than an hour.
	maxValueBits = 42
	buckets      = (maxValueBits-subBucketBits-1)*subBuckets + 2*subBuckets
)

func newHistogram() *Histogram { return &Histogram{counts: make([]uint64, buckets)} }

func bucketOf(nanoseconds int64) int {
	if nanoseconds < 0 {
		return 0
	}
	value := uint64(nanoseconds)
	if value < 2*subBuckets {
		return int(value)
	}
	shift := bits.Len64(value) - subBucketBits - 1
	index := shift*subBuckets + int(value>>uint(shift))
	if index >= buckets {
		return buckets - 1
	}
	return index
}

func (h *Histogram) record(nanoseconds int64) {
	h.counts[bucketOf(nanoseconds)]++
	if nanoseconds > h.max {
		h.max = nanoseconds
	}
}

func (h *Histogram) add(other *Histogram) {
	for index, count := range other.counts {
		h.counts[index] += count
	}
	if other.max > h.max {
		h.max = other.max
	}
}

// sparse lists bucket, count, bucket, count, ... of the buckets that hold something.
func (h *Histogram) sparse() []uint64 {
	pairs := []uint64{}
	for index, count := range h.counts {
		if count > 0 {
			pairs = append(pairs, uint64(index), count)
		}
	}
	return pairs
}
