import type { FileSystem } from '@rocketmq-ts/platform'
import { type OpenFiles, SegmentFolder } from '../segment-folder.ts'
import { ConsumeQueue } from './consume-queue.ts'

export interface ConsumeQueuesOptions {
  fileSystem: FileSystem
  /** Holds a folder for each topic, which holds one for each queue. */
  path: string
  segmentBytes: number
  openFiles: OpenFiles
}

interface TopicQueues {
  nameBytes: Buffer
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
  /** Queues with unwritten units, by the position of the first of them. */
  readonly #unwritten = new Set<ConsumeQueue>()
  /** Written to since the last sync. */
  #unsynced = new Set<ConsumeQueue>()
  #logEndPosition = 0

  constructor(options: ConsumeQueuesOptions) {
    this.#options = options
  }

  /** Tells where the log ends, for queues that are opened from now on. */
  setLogEnd(position: number): void {
    this.#logEndPosition = position
  }

  /** The queue, opened or made if need be. */
  queue(topic: string, queueId: number): ConsumeQueue {
    let known = this.#topics.get(topic)
    if (known === undefined) {
      known = { nameBytes: Buffer.from(topic, 'utf8'), queues: [] }
      this.#topics.set(topic, known)
    }
    let queue = known.queues[queueId]
    if (queue === undefined) {
      const { fileSystem, path, segmentBytes, openFiles } = this.#options
      const segments = new SegmentFolder(fileSystem, `${path}/${topic}/${queueId}`, segmentBytes, openFiles)
      queue = new ConsumeQueue(known.nameBytes, queueId, segments, this.#logEndPosition)
      known.queues[queueId] = queue
    }
    return queue
  }

  /** The queue when it is open or has files. */
  existing(topic: string, queueId: number): ConsumeQueue | undefined {
    const open = this.#topics.get(topic)?.queues[queueId]
    if (open !== undefined) return open
    if (this.#options.fileSystem.status(`${this.#options.path}/${topic}/${queueId}`) === undefined) return undefined
    return this.queue(topic, queueId)
  }

  /** Topics that have a queue, open or in files. */
  topics(): Set<string> {
    return new Set([...this.#options.fileSystem.list(this.#options.path), ...this.#topics.keys()])
  }

  /** Ids of the queues of a topic that are open or have files, ascending. */
  queueIds(topic: string): number[] {
    const inFiles = this.#options.fileSystem.list(`${this.#options.path}/${topic}`).map(Number).filter(Number.isInteger)
    const open = (this.#topics.get(topic)?.queues ?? []).flatMap((queue, queueId) =>
      queue === undefined ? [] : [queueId],
    )
    return [...new Set([...inFiles, ...open])].sort((a, b) => a - b)
  }

  /** Notes that a queue got a unit for the message at `position`. */
  markUnwritten(queue: ConsumeQueue, position: number, nowMs: number): void {
    if (!queue.hasUnwritten) this.#unwritten.delete(queue)
    else if (queue.maxOffset - queue.writtenOffset === 1) {
      // The first unwritten one: all before were written, perhaps just now because the memory for them was full.
      this.#unwritten.delete(queue)
      queue.firstUnwrittenPosition = position
      queue.unwrittenSinceMs = nowMs
      this.#unwritten.add(queue)
      this.#unsynced.add(queue)
    }
  }

  /** Every unit of a message before this position of the log is in the files. */
  writtenPosition(logWrittenPosition: number): number {
    const oldest = this.#unwritten.values().next().value
    return oldest === undefined ? logWrittenPosition : oldest.firstUnwrittenPosition
  }

  /**
   * Writes queues whose first unwritten unit is older than `ageMs`, oldest first.
   * @returns how many were written
   */
  writeOlderThan(ageMs: number, nowMs: number, countMax: number): number {
    let count = 0
    for (const queue of this.#unwritten) {
      if (count >= countMax || nowMs - queue.unwrittenSinceMs < ageMs) break
      queue.write()
      this.#unwritten.delete(queue)
      count++
    }
    return count
  }

  writeAll(): void {
    for (const queue of this.#unwritten) queue.write()
    this.#unwritten.clear()
  }

  /** Queues that were written to since the last sync. */
  get unsyncedCount(): number {
    return this.#unsynced.size
  }

  /** Makes the written units of all queues survive a power failure. */
  async sync(): Promise<void> {
    const queues = this.#unsynced
    this.#unsynced = new Set()
    for (const queue of queues) {
      await queue.sync()
      if (queue.hasUnwritten) this.#unsynced.add(queue)
    }
  }

  syncNow(): void {
    for (const queue of this.#unsynced) queue.syncNow()
    this.#unsynced.clear()
  }

  /** Deletes the files of a topic's queues whose messages are all before the start of the log. */
  trim(topic: string, logStartPosition: number): void {
    for (const queueId of this.queueIds(topic)) this.queue(topic, queueId).trim(logStartPosition)
  }

  /** Deletes the queues of a topic. A topic that is made again under the same name starts at offset 0. */
  removeTopic(topic: string): void {
    for (const queueId of this.queueIds(topic)) {
      const queue = this.queue(topic, queueId)
      this.#unwritten.delete(queue)
      this.#unsynced.delete(queue)
      queue.segments.removeAll()
    }
    this.#topics.delete(topic)
    this.#options.fileSystem.removeFolder(`${this.#options.path}/${topic}`)
  }
}
