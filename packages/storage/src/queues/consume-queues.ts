import { assert } from '@rocketmq-ts/base'
import type { Log } from '@rocketmq-ts/platform'
import { readRecord } from '@rocketmq-ts/protocol'
import { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import type { TopicMemo } from '../store-message.ts'
import { ConsumeQueue } from './consume-queue.ts'
import { FullMark, fullAt, removeFullMarks } from './full-mark.ts'
import { cutToQueueEnd, type UnitTrust } from './queue-end.ts'
import type { QueueUnit } from './queue-unit.ts'
import { isFolderName } from './topic-folder.ts'
import { UnwrittenQueues } from './unwritten-queues.ts'

export interface ConsumeQueuesOptions {
  files: StoreFiles
  /** The log that the units point into. */
  log: SegmentFolder
  /** Holds a folder for each topic, which holds one for each queue. */
  path: string
  segmentBytes: number
  /** For files that someone has to look after. */
  eventLog: Log
}

/** A consume queue cannot be used, since its last file, or the end of it, is gone. */
export class QueueFileError extends Error {
  override readonly name = 'QueueFileError'

  /** @param damage what is wrong with the file */
  constructor(path: string, damage: 'is cut off' | 'is missing') {
    super(
      `${path} ${damage}, and which queue offsets were used is not known. Its messages are in the log: stop the ` +
        'broker and delete the folder consumequeue, and the next start makes the consume queues again',
    )
  }
}

const queuesKeptInMemory = 2_000

/** Stands in the folder of a topic while it is removed. */
const removalMark = 'removed'

/** The queues of a topic that are open. */
export interface TopicQueues {
  topic: string
  topicBytes: Buffer
  isRemoved: boolean
  queues: (ConsumeQueue | undefined)[]
}

/**
 * All consume queues of a store. A queue is opened when it is first used, so that 100,000 of them cost nothing at the
 * start. Queues with unwritten units are kept in the order of the log, which tells from where the log would have to be
 * read again after a crash.
 */
export class ConsumeQueues {
  readonly #options: ConsumeQueuesOptions
  readonly #topics = new Map<string, TopicQueues>()
  #openCount = 0
  readonly #unwritten = new UnwrittenQueues()
  /** Written to since the last sync; those that do not say so themselves were removed. */
  #unsynced: ConsumeQueue[] = []
  /** Units of queues that are opened from now on count when they point before this position of the log. */
  #trustedPosition = Number.POSITIVE_INFINITY
  /** The files may be torn, since the power failed while they were written to. */
  #mayBeTorn = false
  #isRecovering = true

  constructor(options: ConsumeQueuesOptions) {
    this.#options = options
  }

  /**
   * Tells what counts in the files of queues that are opened from now on.
   * @param position units that point at or behind this position of the log do not count
   * @param mayBeTorn whether the last unit is compared with the log
   */
  trustUpTo(position: number, mayBeTorn: boolean): void {
    this.#trustedPosition = position
    this.#mayBeTorn = mayBeTorn
  }

  /** Removes what brokers of this kind noted beside queues: another one, which does not keep it true, had the store. */
  removeFullMarks(): void {
    const { files, path } = this.#options
    for (const topic of files.fileSystem.list(path)) removeFullMarks(files, `${path}/${topic}`)
  }

  /**
   * Ends the recovery: the log ends at this position, and files are as they should be from now on.
   * @param isOurs whether the files were written by a broker of this kind, which marks full queues
   */
  endRecovery(logEndPosition: number, isOurs: boolean): void {
    if (this.#mayBeTorn || !isOurs) this.#prepareClosedQueues()
    this.trustUpTo(logEndPosition, false)
    this.#isRecovering = false
  }

  /**
   * Cuts the queues that are not open to what counts, so that what does not can never be taken for a unit later, and
   * sees to it that a folder without files, or with a full last one and no mark, means that a file is missing.
   */
  #prepareClosedQueues(): void {
    const { files, path } = this.#options
    for (const topic of files.fileSystem.list(path)) {
      for (const queueId of this.queueIds(topic)) {
        if (this.#topics.get(topic)?.queues[queueId] !== undefined) continue
        const segments = this.#segmentsOf(topic, queueId)
        if (segments.starts.length === 0) {
          files.removeFolder(segments.path)
          continue
        }
        const end = cutToQueueEnd(segments, this.#trust(Buffer.from(topic), queueId))
        new FullMark(files, segments.path).set(fullAt(segments, end))
      }
    }
  }

  /**
   * The queue, opened or made if need be.
   * @param memo remembers the topic's queues for the next time
   */
  queue(topic: string, queueId: number, memo?: TopicMemo): ConsumeQueue {
    if (memo === undefined || memo.topic !== topic) return this.#queueOf(this.#topic(topic), queueId)
    if (memo.queues === undefined || memo.queues.isRemoved) memo.queues = this.#topic(topic)
    return this.#queueOf(memo.queues, queueId)
  }

  #topic(topic: string): TopicQueues {
    let known = this.#topics.get(topic)
    if (known === undefined) {
      this.#finishRemoval(topic)
      known = { topic, topicBytes: Buffer.from(topic, 'utf8'), isRemoved: false, queues: [] }
      this.#topics.set(topic, known)
    }
    return known
  }

  #queueOf(known: TopicQueues, queueId: number): ConsumeQueue {
    let queue = known.queues[queueId]
    if (queue === undefined) {
      const { topic } = known
      const segments = this.#segmentsOf(topic, queueId)
      if (this.#isRecovering) extendLast(segments, this.#sizeOf(segments, segments.starts.at(-1) ?? 0))
      else this.#checkFiles(segments)
      const { endPosition } = segments
      const fullMark = new FullMark(this.#options.files, segments.path)
      queue = new ConsumeQueue(known, queueId, segments, fullMark, this.#trust(known.topicBytes, queueId))
      const position = fullAt(segments, queue.maxOffset)
      if (position !== undefined && !fullMark.isAt(position)) {
        // An empty file behind the full one tells the same: earlier versions made one.
        const isMissing = !this.#isRecovering && endPosition === position
        if (isMissing) throw new QueueFileError(segments.pathOf(position), 'is missing')
        fullMark.set(position)
      }
      known.queues[queueId] = queue
      this.#openCount++
    }
    return queue
  }

  /** The queue when it is open or has files. */
  existing(topic: string, queueId: number): ConsumeQueue | undefined {
    const open = this.#topics.get(topic)?.queues[queueId]
    if (open !== undefined) return open
    if (!isFolderName(topic)) return undefined
    if (this.#options.files.fileSystem.status(`${this.#options.path}/${topic}/${queueId}`) === undefined)
      return undefined
    return this.queue(topic, queueId)
  }

  /** Topics that have a queue, open or in files. */
  topics(): Set<string> {
    return new Set([...this.#options.files.fileSystem.list(this.#options.path), ...this.#topics.keys()])
  }

  /** Ids of the queues of a topic that are open or have files, ascending. */
  queueIds(topic: string): number[] {
    if (!isFolderName(topic)) return []
    const inFiles = this.#options.files.fileSystem
      .list(`${this.#options.path}/${topic}`)
      .map(Number)
      .filter(Number.isInteger)
    const open = (this.#topics.get(topic)?.queues ?? []).flatMap((queue, queueId) =>
      queue === undefined ? [] : [queueId],
    )
    return [...new Set([...inFiles, ...open])].sort((a, b) => a - b)
  }

  /** Notes that a queue got a unit for the message at `position`. */
  markUnwritten(queue: ConsumeQueue, position: number, nowMs: number): void {
    if (!queue.hasUnwritten) this.#unwritten.remove(queue)
    // The first unwritten one: all before were written, perhaps just now because the memory for them was full.
    else if (queue.maxOffset - queue.writtenOffset === 1) this.#addUnwritten(queue, position, nowMs)
  }

  /** The same while the log is read again, where a gap can come with the first unit. */
  markReplayed(queue: ConsumeQueue, position: number, nowMs: number): void {
    if (this.#unwritten.has(queue)) this.markUnwritten(queue, position, nowMs)
    else this.#addUnwritten(queue, position, nowMs)
  }

  #addUnwritten(queue: ConsumeQueue, position: number, nowMs: number): void {
    this.#unwritten.add(queue, position, nowMs)
    this.#noteUnsynced(queue)
  }

  #noteUnsynced(queue: ConsumeQueue): void {
    if (queue.isUnsynced) return
    queue.isUnsynced = true
    this.#unsynced.push(queue)
  }

  /** Every unit of a message before this position of the log is in the files. */
  writtenPosition(logWrittenPosition: number): number {
    return this.#unwritten.oldest?.firstUnwrittenPosition ?? logWrittenPosition
  }

  /**
   * Writes queues whose first unwritten unit is older than `ageMs`, oldest first.
   * @returns how many were written
   */
  writeOlderThan(ageMs: number, nowMs: number, countMax: number): number {
    for (let count = 0; count < countMax; count++) {
      const queue = this.#unwritten.oldest
      if (queue === undefined || nowMs - queue.unwrittenSinceMs < ageMs) return count
      queue.write()
      // With very many queues, what each of them keeps in memory for consumers at its end comes to too much.
      if (this.#openCount > queuesKeptInMemory) queue.releaseMemory()
      this.#unwritten.remove(queue)
    }
    return countMax
  }

  writeAll(): void {
    const queues = this.#unwritten.all()
    for (const queue of queues) queue.write()
    for (const queue of queues) this.#unwritten.remove(queue)
  }

  /** Queues that were written to since the last sync. */
  get unsyncedCount(): number {
    return this.#unsynced.length
  }

  /** Makes the written units of all queues survive a power failure. */
  async sync(): Promise<void> {
    const { files } = this.#options
    const queues = this.#unsynced
    this.#unsynced = []
    for (const queue of queues) {
      if (!queue.isUnsynced) continue
      queue.isUnsynced = false
      await queue.sync()
      // Its topic may be removed meanwhile; units that came or were written meanwhile are for the next time.
      const isInUse = this.#topics.get(queue.topic)?.queues[queue.queueId] === queue
      if (isInUse && (queue.hasUnwritten || queue.hasUnsynced)) this.#noteUnsynced(queue)
      await files.syncNamesLater(`${this.#options.path}/${queue.topic}`)
    }
    await files.syncAllNamesLater()
  }

  /** Makes all files of all queues survive a power failure, whoever wrote them. */
  async syncAllFiles(): Promise<void> {
    const { files, path } = this.#options
    for (const topic of files.fileSystem.list(path)) {
      for (const queueId of this.queueIds(topic)) {
        const segments = this.#segmentsOf(topic, queueId)
        for (const start of segments.starts) {
          // Files and topics are removed while others are synced.
          if (files.fileSystem.status(segments.pathOf(start)) !== undefined) await segments.sync(start)
        }
        await this.#syncFolder(segments.path)
      }
      await this.#syncFolder(`${path}/${topic}`)
    }
    await this.#syncFolder(path)
  }

  async #syncFolder(path: string): Promise<void> {
    const { fileSystem } = this.#options.files
    if (fileSystem.status(path) !== undefined) await fileSystem.syncFolderLater(path)
  }

  syncNow(): void {
    for (const queue of this.#unsynced) {
      if (!queue.isUnsynced) continue
      queue.syncNow()
      queue.isUnsynced = false
    }
    this.#unsynced = []
    this.#options.files.syncAllNames()
  }

  /** Deletes the files of a topic's queues whose messages are all before the start of the log. */
  trim(topic: string, logStartPosition: number): void {
    for (const queueId of this.queueIds(topic)) {
      try {
        this.queue(topic, queueId).trim(logStartPosition)
      } catch (error) {
        // Whoever uses the queue is told what to do; the others are trimmed all the same.
        if (!(error instanceof QueueFileError)) throw error
      }
    }
  }

  /** Queues of a topic that are in use. */
  openQueues(topic: string): ConsumeQueue[] {
    return this.#topics.get(topic)?.queues.filter((queue) => queue !== undefined) ?? []
  }

  /** Deletes the queues of a topic. A topic that is made again under the same name starts at offset 0. */
  removeTopic(topic: string): void {
    if (!isFolderName(topic)) return
    for (const queue of this.openQueues(topic)) {
      this.#openCount--
      this.#unwritten.remove(queue)
      queue.isUnsynced = false
      queue.segments.forgetFiles()
    }
    const known = this.#topics.get(topic)
    if (known !== undefined) known.isRemoved = true
    this.#topics.delete(topic)
    const { files, path } = this.#options
    const { fileSystem } = files
    const folder = `${path}/${topic}`
    if (fileSystem.status(folder) !== undefined) fileSystem.open(`${folder}/${removalMark}`, 'create').close()
    for (const name of fileSystem.list(folder)) {
      if (name !== removalMark) files.removeFolder(`${folder}/${name}`)
    }
    files.removeFolder(folder)
    files.syncNames(path)
  }

  /** Whoever removed a topic may have died meanwhile: what he left is no queue that lacks files. */
  #finishRemoval(topic: string): void {
    const { files, path } = this.#options
    if (files.fileSystem.status(`${path}/${topic}/${removalMark}`) !== undefined) this.removeTopic(topic)
  }

  #segmentsOf(topic: string, queueId: number): SegmentFolder {
    assert(isFolderName(topic), `${JSON.stringify(topic)} cannot name the folder of a topic`)
    const { files, path, segmentBytes } = this.#options
    return new SegmentFolder(files, `${path}/${topic}/${queueId}`, segmentBytes)
  }

  /** @throws QueueFileError when the last file is missing or cut off: used offsets would be given out again */
  #checkFiles(segments: SegmentFolder): void {
    const last = segments.starts.at(-1)
    if (last === undefined) {
      if (this.#options.files.fileSystem.status(segments.path) === undefined) return
      throw new QueueFileError(segments.pathOf(0), 'is missing')
    }
    if (this.#sizeOf(segments, last) < segments.segmentBytes) {
      throw new QueueFileError(segments.pathOf(last), 'is cut off')
    }
    const fileCount = 1 + (last - segments.firstPosition) / segments.segmentBytes
    const isShort = segments.starts.some((start) => this.#sizeOf(segments, start) < segments.segmentBytes)
    if (segments.starts.length === fileCount && !isShort) return
    this.#options.eventLog.error(
      { folder: segments.path },
      'files of a consume queue are missing or cut off: consumers pass by the messages in them, which are still in ' +
        'the log. To make the consume queues again, stop the broker and delete the folder consumequeue',
    )
  }

  #sizeOf(segments: SegmentFolder, start: number): number {
    return this.#options.files.fileSystem.status(segments.pathOf(start))?.sizeBytes ?? 0
  }

  #trust(topicBytes: Buffer, queueId: number): UnitTrust {
    const logPosition = this.#trustedPosition
    if (!this.#mayBeTorn) return { logPosition }
    return { logPosition, isInLog: (unit, queueOffset) => this.#isInLog(unit, topicBytes, queueId, queueOffset) }
  }

  #isInLog(unit: QueueUnit, topicBytes: Buffer, queueId: number, queueOffset: number): boolean {
    const { log } = this.#options
    // Messages whose files were deleted cannot be looked at any more.
    if (unit.physicalOffset < log.firstPosition) return true
    const head = Buffer.alloc(4)
    log.read(head, unit.physicalOffset)
    if (head.readInt32BE(0) !== unit.totalSize || unit.totalSize > log.segmentBytes) return false
    const bytes = Buffer.alloc(unit.totalSize)
    if (log.read(bytes, unit.physicalOffset) < unit.totalSize) return false
    const reading = readRecord(bytes, 0)
    if (reading.kind !== 'record') return false
    const { record } = reading
    return (
      record.physicalOffset === unit.physicalOffset &&
      record.totalSize === unit.totalSize &&
      record.queueId === queueId &&
      record.queueOffset === queueOffset &&
      bytes.subarray(record.topicStart, record.topicEnd).equals(topicBytes)
    )
  }
}

/** A process that died between making a file and giving it its size left a short one. */
function extendLast(segments: SegmentFolder, sizeBytes: number): void {
  const last = segments.starts.at(-1)
  if (last !== undefined && sizeBytes < segments.segmentBytes) segments.extend(last)
}
