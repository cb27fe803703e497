import { assert } from '@rocketmq-ts/base'
import type { Log } from '@rocketmq-ts/platform'
import { readRecord } from '@rocketmq-ts/protocol'
import { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import { ConsumeQueue } from './consume-queue.ts'
import { FullMark, fullAt, removeFullMarks } from './full-mark.ts'
import { cutToQueueEnd, lastMessage, type UnitTrust } from './queue-end.ts'
import type { QueueUnit } from './queue-unit.ts'
import {
  isFolderName,
  rememberEntry,
  rememberedEntry,
  type TopicEntry,
  type TopicHandle,
  topicEntry,
} from './topic-handle.ts'

export interface QueueTableOptions {
  files: StoreFiles
  /** The log that the units point into. */
  log: SegmentFolder
  /** Holds a folder for each topic, which holds one for each queue. */
  path: string
  segmentBytes: number
  /** Takes reports of damaged files. */
  eventLog: Log
}

/** A consume queue cannot be used: its last file, or the end of it, is gone. */
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

/** A file in the folder of a topic while the topic is removed. */
const removalMark = 'removed'

/**
 * The consume queues of a store by topic and id. A queue is opened when it is first used: 100,000 queues cost nothing
 * at the start.
 */
export class QueueTable {
  readonly #options: QueueTableOptions
  readonly #topics = new Map<string, TopicEntry>()
  #openCount = 0
  /** Units of queues that are opened from now on count when they point before this position of the log. */
  #trustedPosition = Number.POSITIVE_INFINITY
  /** Whether a power failure may have torn the files. */
  #mayBeTorn = false
  #isRecovering = true

  constructor(options: QueueTableOptions) {
    this.#options = options
  }

  /** Queues that were opened and are in use. */
  get openCount(): number {
    return this.#openCount
  }

  get isRecovering(): boolean {
    return this.#isRecovering
  }

  /** Of all units of all queues, the one that points farthest into the log, with the folder of its queue. */
  lastUnit(): (QueueUnit & { path: string }) | undefined {
    let last: (QueueUnit & { path: string }) | undefined
    for (const topic of this.topics()) {
      for (const queueId of this.queueIds(topic)) {
        const segments = this.#segmentsOf(topic, queueId)
        const unit = lastMessage(segments)
        if (unit !== undefined && unit.physicalOffset > (last?.physicalOffset ?? -1))
          last = { ...unit, path: segments.path }
      }
    }
    return last
  }

  /** Whether there is a folder of a topic. */
  get hasFolders(): boolean {
    return this.#options.files.fileSystem.list(this.#options.path).length > 0
  }

  /**
   * Sets which units count in the files of queues that are opened from now on.
   * @param position units that point at or behind this position of the log do not count
   * @param mayBeTorn whether the last unit of a queue is compared with the log
   */
  trustUpTo(position: number, mayBeTorn: boolean): void {
    this.#trustedPosition = position
    this.#mayBeTorn = mayBeTorn
  }

  /** Removes the marks of full queues, after a broker that does not maintain them had the store. */
  removeFullMarks(): void {
    const { files, path } = this.#options
    for (const topic of files.fileSystem.list(path)) removeFullMarks(files, `${path}/${topic}`)
  }

  /**
   * Ends the recovery. From now on a file that is missing or short is an error.
   * @param isOurs whether the files were written by a broker of this kind, which marks full queues
   */
  endRecovery(logEndPosition: number, isOurs: boolean): void {
    if (this.#mayBeTorn || !isOurs) this.#prepareClosedQueues()
    this.trustUpTo(logEndPosition, false)
    this.#isRecovering = false
  }

  /**
   * Calls `action` with every queue. A queue that is not open is opened for the call only. A queue that cannot be used
   * is left out: whoever uses it gets the error.
   */
  forEach(action: (queue: ConsumeQueue) => void): void {
    for (const topic of this.topics()) {
      for (const queueId of this.queueIds(topic)) {
        const isOpen = this.#topics.get(topic)?.queues[queueId] !== undefined
        try {
          action(this.queue(topic, queueId))
        } catch (error) {
          if (!(error instanceof QueueFileError)) throw error
        }
        const entry = this.#topics.get(topic)
        if (isOpen || entry?.queues[queueId] === undefined) continue
        entry.queues[queueId] = undefined
        this.#openCount--
      }
    }
  }

  /**
   * Cuts the queues that are not open to the units that count: the others must never be taken for units later.
   * Afterwards a folder without files, or a full last file without a mark, means that a file is missing.
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
   * What is known of a topic, whether or not it has queues; undefined when it cannot name a folder.
   * @param handle remembers it for the next time
   */
  entry(topic: string, handle?: TopicHandle): TopicEntry | undefined {
    if (handle === undefined || handle.topic !== topic) return this.#entry(topic)
    const remembered = rememberedEntry(handle)
    if (remembered !== undefined) return remembered
    const entry = this.#entry(topic)
    if (entry !== undefined) rememberEntry(handle, entry)
    return entry
  }

  #entry(topic: string): TopicEntry | undefined {
    let known = this.#topics.get(topic)
    if (known === undefined) {
      if (!isFolderName(topic)) return undefined
      this.#finishRemoval(topic)
      known = topicEntry(topic)
      this.#topics.set(topic, known)
    }
    return known
  }

  /** The queue, opened or made if necessary. */
  queue(topic: string, queueId: number): ConsumeQueue {
    const entry = this.#entry(topic)
    assert(entry !== undefined, `${JSON.stringify(topic)} cannot name the folder of a topic`)
    return this.queueOf(entry, queueId)
  }

  /** Like `queue`, for the entry of a topic that is not removed. */
  queueOf(entry: TopicEntry, queueId: number): ConsumeQueue {
    return entry.queues[queueId] ?? this.#open(entry, queueId)
  }

  #open(entry: TopicEntry, queueId: number): ConsumeQueue {
    assert(!entry.isRemoved, `a queue of ${entry.topic}, which was removed, is to be opened`)
    const segments = this.#segmentsOf(entry.topic, queueId)
    if (this.#isRecovering) extendLast(segments, this.#sizeOf(segments, segments.starts.at(-1) ?? 0))
    else this.#checkFiles(segments)
    const { endPosition } = segments
    const fullMark = new FullMark(this.#options.files, segments.path)
    const queue = new ConsumeQueue(entry.topic, queueId, segments, fullMark, this.#trust(entry.topicBytes, queueId))
    const position = fullAt(segments, queue.maxOffset)
    if (position !== undefined && !fullMark.isAt(position)) {
      // An empty file behind the full one means the same: earlier versions made one.
      const isMissing = !this.#isRecovering && endPosition === position
      if (isMissing) throw new QueueFileError(segments.pathOf(position), 'is missing')
      fullMark.set(position)
    }
    entry.queues[queueId] = queue
    this.#openCount++
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

  /** Whether a queue is still in use: its topic may have been removed. */
  isInUse(queue: ConsumeQueue): boolean {
    return this.#topics.get(queue.topic)?.queues[queue.queueId] === queue
  }

  /** Queues of a topic that are in use. */
  openQueues(topic: string): ConsumeQueue[] {
    return this.#topics.get(topic)?.queues.filter((queue) => queue !== undefined) ?? []
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

  /** Deletes the queues of a topic. A topic that is made again under the same name starts at offset 0. */
  removeTopic(topic: string): void {
    if (!isFolderName(topic)) return
    for (const queue of this.openQueues(topic)) {
      this.#openCount--
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

  /** Finishes the removal of a topic that a dead process began: the rest is not a queue with missing files. */
  #finishRemoval(topic: string): void {
    const { files, path } = this.#options
    if (files.fileSystem.status(`${path}/${topic}/${removalMark}`) !== undefined) this.removeTopic(topic)
  }

  #segmentsOf(topic: string, queueId: number): SegmentFolder {
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
    // A message whose file was deleted cannot be compared any more.
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
