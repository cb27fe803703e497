import type { Log } from '@rocketmq-ts/platform'
import { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import { batchUnits } from './batch-unit.ts'
import { removeFullMarks } from './full-mark.ts'
import { lastMessage } from './queue-end.ts'
import { type QueueUnit, simpleUnits, type UnitForm } from './queue-unit.ts'

/** The kinds of queues, as the topic attribute `queue.type` names them. */
export type QueueType = 'SimpleCQ' | 'BatchCQ'

/** What the owner of a store knows of the queues of topics, from before the log is read again. */
export interface QueueTypes {
  /** Of which kind the queues of a topic are; undefined for a topic that is not known. */
  of(topic: string): QueueType | undefined
  /** Whether there is a topic with queues of batches. */
  readonly hasBatches: boolean
}

export interface QueueFoldersOptions {
  files: StoreFiles
  /** Holds a folder for each topic, which holds one for each queue. */
  path: string
  segmentBytes: number
  /** Takes reports of damaged files. */
  eventLog: Log
}

/** How the consume queues of a store are made again from its log. */
export const howToMakeQueuesAgain =
  'stop the broker and delete the folders consumequeue and batchconsumequeue, and the next start makes the consume queues again'

/** A consume queue cannot be used: its last file, or the end of it, is gone. */
export class QueueFileError extends Error {
  override readonly name = 'QueueFileError'

  /** @param damage what is wrong with the file */
  constructor(path: string, damage: 'is cut off' | 'is missing' | 'is damaged') {
    super(
      `${path} ${damage}, and which queue offsets were used is not known. Its messages are in the log: ` +
        howToMakeQueuesAgain,
    )
  }
}

const unitForms: Record<QueueType, UnitForm> = { SimpleCQ: simpleUnits, BatchCQ: batchUnits }

/** A file in the folder of a topic while the topic is removed. */
const removalMark = 'removed'

/** The files of all queues of one kind, by topic and queue. */
export class QueueFolders {
  readonly type: QueueType
  readonly form: UnitForm
  readonly #files: StoreFiles
  readonly #path: string
  readonly #segmentBytes: number
  readonly #eventLog: Log

  constructor(type: QueueType, { files, path, segmentBytes, eventLog }: QueueFoldersOptions) {
    this.type = type
    this.form = unitForms[type]
    this.#files = files
    this.#path = path
    this.#segmentBytes = segmentBytes
    this.#eventLog = eventLog
  }

  /** Whether there is the folder that holds all of them. */
  get exists(): boolean {
    return this.#files.fileSystem.status(this.#path) !== undefined
  }

  /** Makes the folder that holds all of them. */
  make(): void {
    this.#files.makeFolder(this.#path)
  }

  /** Topics that have a folder. */
  topics(): string[] {
    return this.#files.fileSystem.list(this.#path)
  }

  has(topic: string): boolean {
    return this.#files.fileSystem.status(`${this.#path}/${topic}`) !== undefined
  }

  hasQueue(topic: string, queueId: number): boolean {
    return this.#files.fileSystem.status(`${this.#path}/${topic}/${queueId}`) !== undefined
  }

  /** Ids of the queues of a topic that have a folder. */
  queueIds(topic: string): number[] {
    return this.#files.fileSystem.list(`${this.#path}/${topic}`).map(Number).filter(Number.isInteger)
  }

  segmentsOf(topic: string, queueId: number): SegmentFolder {
    const { path, segmentBytes } = this.placeOf(topic, queueId)
    return new SegmentFolder(this.#files, path, segmentBytes)
  }

  /** The folder of a queue, whether or not it is there, and the size of each file in it. */
  placeOf(topic: string, queueId: number): { path: string; segmentBytes: number } {
    return { path: `${this.#path}/${topic}/${queueId}`, segmentBytes: this.#segmentBytes }
  }

  /** The files of each queue. */
  *#all(topics: Iterable<string>): Iterable<SegmentFolder> {
    for (const topic of topics) {
      for (const queueId of this.queueIds(topic)) yield this.segmentsOf(topic, queueId)
    }
  }

  /**
   * @param topics that may have files
   * @throws SegmentSizeError when the files are not of the size that the settings say: the first one tells for all
   */
  checkSize(topics: Iterable<string>): void {
    for (const segments of this.#all(topics)) if (segments.starts.length > 0) return
  }

  /** Of all units of all queues, the one that points farthest into the log, with the folder of its queue. */
  lastUnit(): (QueueUnit & { path: string }) | undefined {
    let last: (QueueUnit & { path: string }) | undefined
    for (const segments of this.#all(this.topics())) {
      const unit = lastMessage(segments, this.form)
      if (unit !== undefined && unit.physicalOffset > (last?.physicalOffset ?? -1))
        last = { ...unit, path: segments.path }
    }
    return last
  }

  /** Removes the marks of full queues, after a broker that does not maintain them had the store. */
  removeFullMarks(): void {
    for (const topic of this.topics()) removeFullMarks(this.#files, `${this.#path}/${topic}`)
  }

  /** Makes all files of the queues of these topics survive a power failure, whoever wrote them, and the names of all. */
  async syncAll(topics: Iterable<string>): Promise<void> {
    for (const topic of topics) {
      for (const queueId of this.queueIds(topic)) {
        const segments = this.segmentsOf(topic, queueId)
        for (const start of segments.starts) {
          // Files and topics are removed while others are synced.
          if (this.#files.fileSystem.status(segments.pathOf(start)) !== undefined) await segments.sync(start)
        }
        await this.#syncFolder(segments.path)
      }
      await this.#syncFolder(`${this.#path}/${topic}`)
    }
    await this.#syncFolder(this.#path)
  }

  async #syncFolder(path: string): Promise<void> {
    const { fileSystem } = this.#files
    if (fileSystem.status(path) !== undefined) await fileSystem.syncFolderLater(path)
  }

  /**
   * Deletes the files of a topic.
   * @param isSyncedLater whether a power failure may bring them back until the names in the folder of all topics are synced
   */
  remove(topic: string, isSyncedLater: boolean): void {
    const { fileSystem } = this.#files
    const folder = `${this.#path}/${topic}`
    if (fileSystem.status(folder) !== undefined) fileSystem.open(`${folder}/${removalMark}`, 'create').close()
    for (const name of fileSystem.list(folder)) {
      if (name !== removalMark) this.#files.removeFolder(`${folder}/${name}`)
    }
    this.#files.removeFolder(folder)
    if (!isSyncedLater) this.#files.syncNames(this.#path)
  }

  /** Makes the removal of all topics that were removed survive a power failure. */
  async syncRemovals(): Promise<void> {
    await this.#files.syncNamesLater(this.#path)
  }

  /** Like `syncRemovals`, before it returns. */
  syncRemovalsNow(): void {
    this.#files.syncNames(this.#path)
  }

  /** Whether a dead process began to remove a topic: the rest is not a queue with missing files. */
  isRemoving(topic: string): boolean {
    return this.#files.fileSystem.status(`${this.#path}/${topic}/${removalMark}`) !== undefined
  }

  /** @throws QueueFileError when the last file is missing or cut off: used offsets would be given out again */
  checkFiles(segments: SegmentFolder): void {
    const last = segments.starts.at(-1)
    if (last === undefined) {
      if (this.#files.fileSystem.status(segments.path) === undefined) return
      throw new QueueFileError(segments.pathOf(0), 'is missing')
    }
    if (this.#sizeOf(segments, last) < segments.segmentBytes) {
      throw new QueueFileError(segments.pathOf(last), 'is cut off')
    }
    const fileCount = 1 + (last - segments.firstPosition) / segments.segmentBytes
    const isShort = segments.starts.some((start) => this.#sizeOf(segments, start) < segments.segmentBytes)
    if (segments.starts.length === fileCount && !isShort) return
    this.#eventLog.error(
      { folder: segments.path },
      'files of a consume queue are missing or cut off: consumers pass by the messages in them, which are still in ' +
        `the log. To get them back, ${howToMakeQueuesAgain}`,
    )
  }

  /** Gives the last file its full size: a process that died between making it and that left a short one. */
  extendLast(segments: SegmentFolder): void {
    const last = segments.starts.at(-1)
    if (last !== undefined && this.#sizeOf(segments, last) < segments.segmentBytes) segments.extend(last)
  }

  #sizeOf(segments: SegmentFolder, start: number): number {
    return this.#files.fileSystem.status(segments.pathOf(start))?.sizeBytes ?? 0
  }
}
