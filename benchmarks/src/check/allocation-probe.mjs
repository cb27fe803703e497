// Loaded into the broker by --import: at each SIGUSR2 it writes how much was allocated in the heap of the main thread
// since the last one. The garbage collector's own statistics are used, so nothing is done between two signals but what
// the collector does a few times a second.
import { appendFileSync } from 'node:fs'
import v8 from 'node:v8'

const file = process.env.BENCH_ALLOCATIONS_FILE
let profiler = new v8.GCProfiler()
let usedBefore = v8.getHeapStatistics().used_heap_size
profiler.start()

process.on('SIGUSR2', () => {
  const collections = profiler.stop()?.statistics ?? []
  const usedNow = v8.getHeapStatistics().used_heap_size
  let freed = 0
  for (const { beforeGC, afterGC } of collections) {
    freed += beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize
  }
  appendFileSync(
    file,
    `${JSON.stringify({ allocatedBytes: usedNow - usedBefore + freed, collections: collections.length })}\n`,
  )
  profiler = new v8.GCProfiler()
  usedBefore = v8.getHeapStatistics().used_heap_size
  profiler.start()
})
