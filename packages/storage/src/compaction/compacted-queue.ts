import type { Log } from '@rocketmq-ts/platform'
import { blankRecordBytes, EncodedProperties, readRecord } from '@rocketmq-ts/protocol'
import type { CommitLog } from '../log/commit-log.ts'
import { isRecordAt } from '../log/stretch.ts'
import type { CompactedMessages } from '../queues/compacted-messages.ts'
import { isMessage } from '../queues/queue-unit.ts'
import type { SimpleQueue } from '../queues/simple-queue.ts'
import type { ReadRequest, ReadResult } from '../read-request.ts'
import type { StoreFiles } from '../store-files.ts'
import { storeTimestampOf } from '../time-search.ts'
import { CompactedReader } from './compacted-reader.ts'
import type { FilePair, RecordFileSizes, RecordFolders } from './pair-files.ts'
import { RecordFiles } from './record-files.ts'
import {
  finishReplacement,
  makingFolders,
  moveMade,
  noteReplacement,
  type Replacement,
  removeMaking,
  takeBackMade,
} from './replacement.ts'
import type { CompactionUnit } from './unit.ts'

export interface CompactedQueueParts {
  files: StoreFiles
  log: Log
  commitLog: CommitLog
  /** The queue that the messages stand in. */
  queue: SimpleQueue
  folders: RecordFolders
  sizes: RecordFileSizes
}

/** So little is written once more for any new message. */
const smallBytes = 1024 * 1024
/** What a compaction has covered. */
export interface Coverage {
  /** The last queue offset. */
  coveredOffset: number
  /** Bytes of the messages behind it, which it has looked at. */
  uncoveredBytes: number
  /** Markers of deletions that it has left. */
  markerCount: number
}

/**
 * The compacted log of one queue. Each message with a key is copied there from the commit log. A compaction removes those
 * that have a later one with the same key. Consumers read there what the compactions have covered, or the commit log has
 * no more; everything later they read from the commit log.
 */
export class CompactedQueue implements CompactedMessages {
  readonly queue: SimpleQueue
  readonly #parts: CompactedQueueParts
  readonly #files: RecordFiles
  /** The queue offset of the next message to copy. */
  #nextOffset = 0
  /** Messages before it were copied, and the copies survive a power failure. */
  #syncedOffset = 0
  #compactedOffset = -1
  /** Bytes that were copied since the last compaction began. */
  #newBytes = 0
  /** Markers of deletions that the last compaction has left, since consumers had not had time to see them. */
  #markerCount = 0
  /** Counts how often files were replaced or cut: who reads them begins anew. */
  #generation = 0
  /** The replacement whose new files are being moved. */
  #replacing: Replacement | undefined
  readonly #reader: CompactedReader
  #isServed = false
  isRemoved = false

  constructor(parts: CompactedQueueParts) {
    this.#parts = parts
    this.queue = parts.queue
    const { files, folders, sizes, log } = parts
    this.#files = new RecordFiles(files, folders, sizes, log)
    this.#reader = new CompactedReader({
      ...parts,
      files: this.#files,
      firstOffset: (position) => this.firstOffset(position),
    })
  }

  /**
   * Takes over the files of an earlier process.
   * @param trustedOffset what was copied of later messages may be torn: it is copied again
   * @param compactedOffset as it was noted, -1 without a note
   * @param mayBeUnsynced whether that process may have left something that a failure of the power takes
   * @returns whether another compacted offset has to be noted before `opened`
   */
  open(trustedOffset: number, compactedOffset: number, mayBeUnsynced: boolean): boolean {
    const { files, folders, log } = this.#parts
    const finished = finishReplacement(files, folders, log)
    this.#files.load(mayBeUnsynced)
    const from = Math.min(trustedOffset, this.queue.maxOffset)
    this.#files.cut(from)
    if (!this.#isOfQueue()) {
      const { topic, queueId } = this
      log.warn({ topic, queueId }, 'a compacted log belongs to a deleted topic of the same name: it is made again')
      this.#files.cut(0)
      this.#goOnAt(-1)
      return true
    }
    this.#goOnAt(Math.min(finished?.compactedOffset ?? compactedOffset, from - 1))
    this.#newBytes = this.#files.pairs
      .filter(({ lastOffset }) => lastOffset > this.#compactedOffset)
      .reduce((sum, { start, end }) => sum + end - start, 0)
    return this.#compactedOffset !== compactedOffset
  }

  /** From now on consumers read here what compactions have covered. */
  serve(): void {
    this.#isServed = true
    this.queue.compacted = this
    this.queue.readCompactedBefore(this.#compactedOffset + 1)
  }

  get isServed(): boolean {
    return this.#isServed
  }

  /** The compacted offset is noted: nothing of a replacement is needed any more. */
  opened(): void {
    removeMaking(this.#parts.files, this.#parts.folders)
  }

  get topic(): string {
    return this.queue.topic
  }

  get queueId(): number {
    return this.queue.queueId
  }

  /** Of messages up to this queue offset only the last of each key is left; -1 before the first compaction. */
  get compactedOffset(): number {
    return this.#compactedOffset
  }

  get nextOffset(): number {
    return this.#nextOffset
  }

  get generation(): number {
    return this.#generation
  }

  /**
   * The least queue offset that consumers may begin at: of the first message here or of the first one in the log, although
   * a compaction may have covered that. Official brokers tell the latter, and clients begin nowhere before.
   */
  firstOffset(logStartPosition: number): number {
    const minOffset = this.queue.minOffsetInLog(logStartPosition)
    return Math.min(this.#files.firstOffset ?? minOffset, minOffset)
  }

  /** The position of the log from which on messages are not in the files here. */
  get position(): number {
    return this.#positionOf(this.#nextOffset)
  }

  /** The log from here on is the only copy that survives a power failure. */
  get neededFrom(): number {
    return this.#positionOf(this.#syncedOffset)
  }

  /** Whether a compaction is worth what it costs: it writes all that is left once more. */
  get isDue(): boolean {
    const { byteCount } = this.#files
    // Markers alone are no reason to write a large log once more: they go when new messages are.
    if (byteCount < smallBytes) return this.#newBytes > 0 || this.#markerCount > 0
    return this.#newBytes * 10 >= byteCount
  }

  /**
   * Copies messages of the log that are not here.
   * @param endPosition of the log, up to which they are copied
   * @param isOver asked after each message: whether to go on another time
   * @returns whether everything was copied
   * @throws the file system's errors: what was not copied is copied another time
   */
  copy(endPosition: number, isOver: () => boolean): boolean {
    try {
      while (this.#nextOffset < this.queue.maxOffset) {
        const unit = this.queue.unitAt(this.#nextOffset)
        if (isMessage(unit)) {
          if (unit.physicalOffset + unit.totalSize > endPosition) break
          this.#copyOne(this.#nextOffset, unit.physicalOffset, unit.totalSize)
        }
        this.#nextOffset++
        if (isOver()) break
      }
      this.#files.flush()
    } catch (error) {
      this.#files.forget()
      this.#nextOffset = Math.max(this.#files.lastOffset, this.#compactedOffset) + 1
      throw error
    }
    return this.#nextOffset >= this.queue.maxOffset
  }

  async sync(): Promise<void> {
    const [nextOffset, generation] = [this.#nextOffset, this.#generation]
    await this.#files.sync()
    if (generation === this.#generation) this.#syncedOffset = Math.max(this.#syncedOffset, nextOffset)
  }

  syncNow(): void {
    this.#files.syncNow()
    this.#syncedOffset = this.#nextOffset
  }

  /**
   * The end of the queue was cut off, and of the log. What is left of the log is copied again when a compaction has
   * covered more: it has removed messages in favour of those that are gone.
   */
  cutToQueue(): void {
    const { files, folders, commitLog } = this.#parts
    const { maxOffset } = this.queue
    this.#generation++
    if (this.#replacing !== undefined) takeBackMade(files, folders, this.#replacing)
    const firstInLog = this.queue.minOffsetInLog(commitLog.minPosition)
    const from = maxOffset > this.#compactedOffset ? maxOffset : Math.min(firstInLog, maxOffset)
    this.#files.cut(from)
    this.#goOnAt(Math.min(this.#compactedOffset, from - 1))
  }

  /**
   * Reads as `QueueReader` does, messages before the first one that consumers read from the commit log.
   * @returns undefined when the read has to begin anew: what was read is gone
   */
  async read(request: ReadRequest): Promise<ReadResult | undefined> {
    const generation = this.#generation
    const endOffset = Math.min(this.queue.minOffset(this.#parts.commitLog.minPosition), this.#nextOffset)
    try {
      const result = await this.#reader.read(request, endOffset)
      if (generation === this.#generation) return result
    } catch (error) {
      if (generation === this.#generation) throw error
    }
    return undefined
  }

  /** The first message from a queue offset on. Reads files. */
  unitFrom(queueOffset: number): CompactionUnit | undefined {
    return this.#files.unitFrom(queueOffset)
  }

  /** The first message that was stored at a time or later. Reads files. */
  unitSince(timestampMs: number): CompactionUnit | undefined {
    return this.#files.unitSince(timestampMs)
  }

  /** The queue offset of the last message before one; undefined when that is the first. Reads files. */
  lastBefore(queueOffset: number): number | undefined {
    return this.#files.lastBefore(queueOffset)
  }

  /** All that is here now, to be compacted. What is copied from now on stands behind where the compacted files will. */
  beginCompaction(): { sources: readonly FilePair[]; made: RecordFiles; endOffset: number } {
    const { files, folders, sizes, log } = this.#parts
    const sources = [...this.#files.pairs]
    const start = (sources.at(-1)?.start ?? 0) + sizes.records
    this.#newBytes = 0
    removeMaking(files, folders)
    this.#files.seal(start + sources.length * sizes.records)
    const made = new RecordFiles(files, makingFolders(folders), sizes, log, start)
    return { sources, made, endOffset: this.#nextOffset }
  }

  bytesOf(pair: FilePair, position: number, byteCount: number): Promise<Buffer> {
    return this.#files.pairFiles.bytesFrom(pair, position, byteCount)
  }

  /** A compaction has covered messages, and found that nothing of them is to be removed, or has removed it. */
  noteCompacted({ coveredOffset, uncoveredBytes, markerCount }: Coverage): void {
    this.#compactedOffset = coveredOffset
    this.#newBytes += uncoveredBytes
    this.#markerCount = markerCount
    if (this.#isServed) this.queue.readCompactedBefore(coveredOffset + 1)
  }

  /** The compaction did not come to an end: it is tried again at the next time. */
  giveUpCompaction(sources: readonly FilePair[]): void {
    this.#newBytes += sources.reduce((sum, { start, end }) => sum + end - start, 0)
    if (!this.isRemoved) removeMaking(this.#parts.files, this.#parts.folders)
  }

  /**
   * Takes the files of a compaction in place of the first ones.
   * @param made synced
   * @param goesOn asked after each wait: false when the queue was cut or removed meanwhile, or the store was closed
   * @returns false when it did not go on
   */
  async replace(
    made: RecordFiles,
    sources: readonly FilePair[],
    coverage: Coverage,
    goesOn: () => boolean,
  ): Promise<boolean> {
    const { files, folders } = this.#parts
    const starts = (pairs: readonly FilePair[]): number[] => pairs.map(({ start }) => start)
    const replacement = { made: starts(made.pairs), replaced: starts(sources), compactedOffset: coverage.coveredOffset }
    const making = makingFolders(folders)
    files.makeFolder(making.records)
    // The note must not be lost while files are moved.
    await files.syncAllNamesLater()
    if (!goesOn()) return false
    await noteReplacement(files.fileSystem, folders, replacement, goesOn)
    if (!goesOn()) return false
    this.#replacing = replacement
    try {
      moveMade(files, folders, replacement)
      for (const path of [folders.records, folders.units, making.records, making.units])
        await files.syncNamesLater(path)
    } catch (error) {
      if (goesOn()) takeBackMade(files, folders, replacement)
      throw error
    } finally {
      this.#replacing = undefined
    }
    if (!goesOn()) return false
    this.#files.replaceFirst(sources.length, made.pairs)
    this.#generation++
    this.#reader.forgetCursors()
    this.noteCompacted(coverage)
    return true
  }

  /** The compacted offset is noted: the note of the replacement goes. */
  endCompaction(): void {
    if (!this.isRemoved) removeMaking(this.#parts.files, this.#parts.folders)
  }

  /** Removes the files: the topic is gone. */
  remove(): void {
    const { files, folders } = this.#parts
    this.isRemoved = true
    this.#generation++
    files.removeFolder(folders.records)
    files.removeFolder(folders.units)
  }

  #goOnAt(compactedOffset: number): void {
    const firstInLog = this.queue.minOffsetInLog(this.#parts.commitLog.minPosition)
    this.#nextOffset = Math.max(this.#files.lastOffset + 1, compactedOffset + 1, firstInLog)
    // Nothing is known to be synced but what the log has deleted.
    this.#syncedOffset = Math.min(Math.max(this.#syncedOffset, firstInLog), this.#nextOffset)
    this.#reader.forgetCursors()
    this.noteCompacted({ coveredOffset: compactedOffset, uncoveredBytes: 0, markerCount: this.#markerCount })
  }

  /** Whether the last message is the one of this offset in the log: official brokers keep the files of deleted topics. */
  #isOfQueue(): boolean {
    const { lastOffset } = this.#files
    const { commitLog } = this.#parts
    if (lastOffset < this.queue.minOffsetInLog(commitLog.minPosition)) return true
    const inLog = this.queue.unitAt(lastOffset)
    const here = this.#files.unitFrom(lastOffset)
    if (!isMessage(inLog) || here === undefined) return true
    const isSame = here.totalSize === inLog.totalSize && here.tagsCode === inLog.tagsCode
    return isSame && storeTimestampOf(commitLog, this.queue, lastOffset) === here.storeTimestamp
  }

  #positionOf(fromOffset: number): number {
    for (let offset = fromOffset; offset < this.queue.maxOffset; offset++) {
      const unit = this.queue.unitAt(offset)
      if (isMessage(unit)) return unit.physicalOffset
    }
    return Number.POSITIVE_INFINITY
  }

  #copyOne(queueOffset: number, position: number, totalSize: number): void {
    const { commitLog, log } = this.#parts
    const { topic, queueId } = this
    const fields = { topic, queueId, queueOffset, position }
    if (totalSize + blankRecordBytes > this.#parts.sizes.records) {
      log.error(
        { ...fields, totalSize },
        'a message does not fit into a file of a compacted log, and is not compacted: raise compactionMappedFileSize',
      )
      return
    }
    if (!commitLog.canHold(position, totalSize)) {
      log.error(fields, 'a message of a compaction topic is not in the log any more, and is not compacted')
      return
    }
    const bytes = commitLog.bytesAt(position, totalSize)
    const reading = isRecordAt(bytes, position) ? readRecord(bytes, 0) : undefined
    if (reading?.kind !== 'record') {
      log.error(fields, 'the log holds no message where a consume queue says that there is one: it is not compacted')
      return
    }
    const { storeTimestamp, propertiesStart, propertiesEnd } = reading.record
    const properties = new EncodedProperties(bytes.subarray(propertiesStart, propertiesEnd))
    if (isBlank(properties.value('keys'))) {
      log.warn(fields, 'a message of a compaction topic has no key: it goes when the compaction covers it')
      return
    }
    this.#newBytes += totalSize
    this.#files.append(bytes, { queueOffset, tagsCode: properties.hash('tags'), storeTimestamp })
  }
}

/** Whether a key is none, as the official broker sees it. */
export function isBlank(key: string | undefined): boolean {
  return key === undefined || key.trim() === ''
}
