// Loaded into the broker by --import: every few seconds it writes what the heap of the main thread holds to a file.
import { renameSync, writeFileSync } from 'node:fs'

const file = process.env.BENCH_HEAP_FILE
const everyMs = 2500

setInterval(() => {
  const { heapUsed, external } = process.memoryUsage()
  // Renamed, so that no reader finds half of it.
  writeFileSync(`${file}.new`, JSON.stringify({ heapUsed, external }))
  renameSync(`${file}.new`, file)
}, everyMs).unref()
