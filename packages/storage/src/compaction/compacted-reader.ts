import type { Log } from '@rocketmq-ts/platform'
import type { CommitLog } from '../log/commit-log.ts'
import { isRecordAt, RecordParts } from '../log/stretch.ts'
import type { SimpleQueue } from '../queues/simple-queue.ts'
import type { ReadRequest, ReadResult } from '../read-request.ts'
import type { RecordFiles } from './record-files.ts'
import type { CompactionUnit } from './unit.ts'

export interface CompactedReaderParts {
  log: Log
  commitLog: CommitLog
  queue: SimpleQueue
  files: RecordFiles
  /** The least queue offset that consumers may begin at. */
  firstOffset(logStartPosition: number): number
}

/** Units that are looked at in one read of a file. */
const unitsAtOnce = 256
/** Places to go on at that are kept, one for each reader of the queue. */
const cursorsMax = 64

interface Cursor {
  start: number
  index: number
}

/** Reads the compacted log of one queue as `QueueReader` reads the log. */
export class CompactedReader {
  readonly #parts: CompactedReaderParts
  readonly #cursors = new Map<number, Cursor>()

  constructor(parts: CompactedReaderParts) {
    this.#parts = parts
  }

  /** Files were replaced, or cut. */
  forgetCursors(): void {
    this.#cursors.clear()
  }

  /** Reads messages before a queue offset. @throws the file system's errors */
  async read(request: ReadRequest, endOffset: number): Promise<ReadResult> {
    const { commitLog, queue, files, firstOffset } = this.#parts
    const { recordFilter } = request
    const minOffset = firstOffset(commitLog.minPosition)
    const result: ReadResult = {
      status: 'NO_MATCHED_MESSAGE',
      nextQueueOffset: queue.minOffset(commitLog.minPosition),
      minOffset,
      maxOffset: queue.maxOffset,
      parts: [],
      count: 0,
      byteCount: 0,
      behindBytes: commitLog.writtenPosition - commitLog.minPosition,
    }
    const pair = files.pairs[files.pairFrom(request.queueOffset)]
    if (pair === undefined || pair.firstOffset >= endOffset) return result
    const cursor = this.#cursors.get(request.queueOffset)
    const index =
      cursor?.start === pair.start ? cursor.index : await files.pairFiles.indexFrom(pair, request.queueOffset)
    const units = await files.pairFiles.units(pair, index, Math.min(unitsAtOnce, Math.max(1, request.scannedUnitsMax)))
    const { wanted, looked } = wantedUnits(request, units, endOffset)
    const last = units[looked - 1]
    const isAtEnd = looked < units.length ? units[looked]!.queueOffset >= endOffset : last === undefined
    if (!isAtEnd && last !== undefined) result.nextQueueOffset = last.queueOffset + 1
    if (!isAtEnd)
      this.#keepCursor(request.queueOffset, result.nextQueueOffset, { start: pair.start, index: index + looked })
    const first = wanted[0]
    if (first === undefined) return result
    const end = wanted.at(-1)!.position + wanted.at(-1)!.totalSize
    const bytes = await files.pairFiles.bytesFrom(pair, first.position, end - first.position)
    const stretch = { start: first.position, bytes }
    const parts = new RecordParts()
    let lookedBytes = 0
    for (const unit of wanted) {
      const at = unit.position - first.position
      if (at + unit.totalSize > bytes.length || !isRecordAt(bytes, unit.position, at, unit.totalSize)) {
        this.#passBy(unit)
        continue
      }
      if (recordFilter !== undefined) {
        if (lookedBytes >= recordFilter.bytesMax) {
          result.nextQueueOffset = unit.queueOffset
          break
        }
        lookedBytes += unit.totalSize
        if (!recordFilter.matches(bytes, at, unit.totalSize)) continue
      }
      parts.add(stretch, unit.position, unit.totalSize)
      result.count++
      result.byteCount += unit.totalSize
    }
    result.parts = parts.end()
    if (result.count > 0) result.status = 'FOUND'
    return result
  }

  #keepCursor(before: number, offset: number, cursor: Cursor): void {
    this.#cursors.delete(before)
    this.#cursors.set(offset, cursor)
    if (this.#cursors.size > cursorsMax) this.#cursors.delete(this.#cursors.keys().next().value!)
  }

  #passBy({ queueOffset, position, totalSize }: CompactionUnit): void {
    const { queue, log } = this.#parts
    const { topic, queueId } = queue
    log.error(
      { topic, queueId, queueOffset, position, totalSize },
      'the compacted log holds no message where its unit says that there is one: consumers pass it by. Check the disk, ' +
        'and restore the files of the folder compaction from a backup or replica if there is one',
    )
  }
}

/** The units that a read answers, within its limits, and how many units were looked at for them. */
function wantedUnits(
  request: ReadRequest,
  units: readonly CompactionUnit[],
  endOffset: number,
): { wanted: CompactionUnit[]; looked: number } {
  const { countMax, bytesMax, queueOffset } = request
  const wanted: CompactionUnit[] = []
  let looked = 0
  for (const unit of units) {
    if (unit.queueOffset >= endOffset || wanted.length >= countMax) break
    const first = wanted[0]
    // What lies between is read, too.
    if (first !== undefined && unit.position + unit.totalSize - first.position > bytesMax) break
    looked++
    if (unit.queueOffset >= queueOffset && request.matches(unit.tagsCode)) wanted.push(unit)
  }
  return { wanted, looked }
}
