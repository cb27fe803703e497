package main

import "testing"

func TestBucketsAreNarrowAndInOrder(t *testing.T) {
	last := -1
	for value := int64(0); value < 1<<41; value += value/300 + 1 {
		bucket := bucketOf(value)
		if bucket < last {
			t.Fatalf("%d is in bucket %d, a smaller value was in %d", value, bucket, last)
		}
		last = bucket
		if width := value / subBuckets; bucketOf(value+width+1) == bucket && width > 0 {
			t.Fatalf("bucket %d holds %d and %d, which are too far apart", bucket, value, value+width+1)
		}
	}
	if bucketOf(1<<62) != buckets-1 || bucketOf(-5) != 0 {
		t.Fatal("values out of range are not in the outermost buckets")
	}
}
