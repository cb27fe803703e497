import type { CommitLog } from './commit-log.ts'
import { isRecordAt, type Stretch } from './stretch.ts'

/** Where a record should stand. */
export interface RecordPlace {
  physicalOffset: number
  totalSize: number
}

/** Records near each other, which are read with one call. */
interface Run {
  start: number
  end: number
  indexes: number[]
}

/** Records with at most this gap between them are read with one call: a second call costs as much as the gap. */
const gapBytesMax = 16 * 1024
const runBytesMax = 512 * 1024
const runsAtOnce = 4

/**
 * Reads records from anywhere in the log, without the cache of blocks.
 * @returns copies in the order of the places; undefined where no such record stands
 */
export async function scatteredRecords(
  commitLog: CommitLog,
  places: readonly RecordPlace[],
): Promise<(Buffer | undefined)[]> {
  const records: (Buffer | undefined)[] = new Array(places.length).fill(undefined)
  const inFiles: number[] = []
  const inMemory: number[] = []
  const stretches: Stretch[] = []
  let byteCount = 0
  for (let index = 0; index < places.length; index++) {
    const { physicalOffset, totalSize } = places[index]!
    if (!commitLog.canHold(physicalOffset, totalSize)) continue
    const stretch = commitLog.inMemory(physicalOffset, totalSize)
    if (stretch === undefined) inFiles.push(index)
    else if (isRecordAt(stretch.bytes, physicalOffset, physicalOffset - stretch.start, totalSize)) {
      inMemory.push(index)
      stretches.push(stretch)
      byteCount += totalSize
    }
  }
  copyAll(inMemory, stretches, byteCount, places, records)
  if (inFiles.length === 0) return records
  const runs = runsOf(commitLog, places, inFiles)
  const readRuns = async (): Promise<void> => {
    for (let run = runs.pop(); run !== undefined; run = runs.pop()) await readRun(commitLog, run, places, records)
  }
  await Promise.all(Array.from({ length: Math.min(runsAtOnce, runs.length) }, readRuns))
  return records
}

/** One piece of memory for all of them costs less than one for each. */
function copyAll(
  indexes: readonly number[],
  stretches: readonly Stretch[],
  byteCount: number,
  places: readonly RecordPlace[],
  records: (Buffer | undefined)[],
): void {
  if (indexes.length === 0) return
  const copy = Buffer.allocUnsafe(byteCount)
  let end = 0
  for (let at = 0; at < indexes.length; at++) {
    const index = indexes[at]!
    const { physicalOffset, totalSize } = places[index]!
    const { bytes, start } = stretches[at]!
    bytes.copy(copy, end, physicalOffset - start, physicalOffset - start + totalSize)
    records[index] = copy.subarray(end, end + totalSize)
    end += totalSize
  }
}

function runsOf({ segments }: CommitLog, places: readonly RecordPlace[], indexes: number[]): Run[] {
  indexes.sort((one, other) => places[one]!.physicalOffset - places[other]!.physicalOffset)
  const runs: Run[] = []
  for (const index of indexes) {
    const { physicalOffset, totalSize } = places[index]!
    const end = physicalOffset + totalSize
    const last = runs.at(-1)
    const isNear =
      last !== undefined &&
      physicalOffset - last.end <= gapBytesMax &&
      end - last.start <= runBytesMax &&
      segments.startOf(physicalOffset) === segments.startOf(last.start)
    if (isNear) {
      last.end = Math.max(last.end, end)
      last.indexes.push(index)
    } else runs.push({ start: physicalOffset, end, indexes: [index] })
  }
  return runs
}

async function readRun(
  { segments }: CommitLog,
  { start, end, indexes }: Run,
  places: readonly RecordPlace[],
  records: (Buffer | undefined)[],
): Promise<void> {
  const bytes = Buffer.allocUnsafeSlow(end - start)
  const length = await segments.readLater(bytes, start)
  for (const index of indexes) {
    const { physicalOffset, totalSize } = places[index]!
    const at = physicalOffset - start
    if (at + totalSize > length || !isRecordAt(bytes, physicalOffset, at, totalSize)) continue
    records[index] = bytes.subarray(at, at + totalSize)
  }
}
