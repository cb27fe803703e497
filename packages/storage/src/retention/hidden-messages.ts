import type { Clock, FileSystem, Log } from '@rocketmq-ts/platform'
import { ConfigFile } from '../config-file.ts'
import type { CommitLog } from '../log/commit-log.ts'
import type { ConsumeQueue } from '../queues/consume-queue.ts'
import type { ConsumeQueues } from '../queues/consume-queues.ts'
import { storeTimestampOf } from '../time-search.ts'
import { firstStoredSince, type TopicReserve } from './topic-reserve.ts'

export interface HiddenMessagesParts {
  clock: Clock
  fileSystem: FileSystem
  log: Log
  commitLog: CommitLog
  queues: ConsumeQueues
  rootPath: string
  /** Topics whose messages are hidden earlier than the log deletes them; read in each round. */
  reserves(): Iterable<TopicReserve>
}

/**
 * Hides messages that are older than the attribute `reserve.time` of their topic: the queues of the topic start behind
 * them. The log keeps the bytes until its own retention deletes its files, so a time longer than `fileReservedTime`
 * changes nothing.
 *
 * Hidden messages stay hidden: config/hiddenPositions.json keeps, for each topic, the position of the log up to which
 * it is hidden. Official brokers do not read this file: they show the messages until the files of the log are deleted.
 */
export class HiddenMessages {
  readonly #parts: HiddenMessagesParts
  readonly #file: ConfigFile
  /** By topic, the position of the log before which its messages are hidden. */
  readonly #positions: Map<string, number>
  /** By topic, a store time that no visible message is older than: until it is too old, there is nothing to hide. */
  readonly #oldestMs = new Map<string, number>()
  #isUnsaved = false
  #hasFailed = false

  /** Hides what was hidden before. Topics that never had a `reserve.time` are not looked at. */
  constructor(parts: HiddenMessagesParts) {
    this.#parts = parts
    this.#file = new ConfigFile(parts.fileSystem, `${parts.rootPath}/config/hiddenPositions.json`, parts.log)
    this.#positions = this.#load()
    const { endPosition } = parts.commitLog
    const beyond = [...this.#positions].filter(([, position]) => position > endPosition).map(([topic]) => topic)
    // A log that lost its end gives the positions behind it to new messages.
    for (const topic of beyond) this.#note(topic, endPosition)
    if (beyond.length > 0) {
      parts.log.warn(
        { topics: beyond, endPosition },
        `${this.#file.path} hides messages beyond the end of the log, which has lost some: those that come are not hidden`,
      )
    }
    for (const topic of this.#positions.keys()) this.#tryFor(topic, () => this.#hide(topic))
    this.#save()
  }

  /** Hides what has become too old. */
  round(): void {
    const nowMs = this.#parts.clock.now()
    const moved: string[] = []
    for (const { topic, reservedMs } of this.#parts.reserves()) {
      if ((this.#oldestMs.get(topic) ?? Number.NEGATIVE_INFINITY) >= nowMs - reservedMs) continue
      this.#tryFor(topic, () => {
        const { position, oldestMs } = this.#firstSince(topic, nowMs - reservedMs, nowMs)
        this.#oldestMs.set(topic, oldestMs)
        if (position === undefined || position <= (this.#positions.get(topic) ?? 0)) return
        this.#note(topic, position)
        this.#hide(topic)
        moved.push(topic)
      })
    }
    this.#parts.queues.trimSoon(moved)
    this.#save()
  }

  /**
   * The log was cut back: messages that come behind its new end are not hidden.
   * @returns topics that were hidden beyond it: files of their queues may be gone that they go on in
   * @throws the file system's errors; the file says more than is there then
   */
  cutBackTo(position: number): string[] {
    const beyond = [...this.#positions].filter(([, hiddenBefore]) => hiddenBefore > position).map(([topic]) => topic)
    for (const topic of beyond) this.#note(topic, position)
    if (!this.#isUnsaved) return beyond
    this.#file.save(stringifyHiddenPositions(this.#positions))
    this.#isUnsaved = false
    this.#hasFailed = false
    return beyond
  }

  /** Topics that have hidden messages which the log has still. */
  topics(): string[] {
    return [...this.#positions.keys()]
  }

  /**
   * The position and the store time of the first message of a topic that was stored at or after a time. Without such a
   * message the position is the end of what is written: later messages stand behind it.
   */
  #firstSince(topic: string, sinceMs: number, nowMs: number): { position: number | undefined; oldestMs: number } {
    const { queues, commitLog } = this.#parts
    let position: number | undefined
    let oldestMs = nowMs
    for (const queueId of queues.table.queueIds(topic)) {
      const queue = queues.table.queue(topic, queueId)
      const offset = this.#offsetSince(queue, sinceMs)
      const isThere = offset < queue.maxOffset
      const at = isThere ? queue.unitAt(offset).physicalOffset : commitLog.writtenPosition
      position = Math.min(position ?? at, at)
      if (isThere) oldestMs = Math.min(oldestMs, storeTimestampOf(commitLog, queue, offset) ?? sinceMs)
    }
    return { position, oldestMs }
  }

  #offsetSince(queue: ConsumeQueue, sinceMs: number): number {
    const { commitLog } = this.#parts
    const minOffset = Math.max(0, queue.minOffset(commitLog.minPosition))
    const { maxOffset } = queue
    return firstStoredSince(
      { minOffset, maxOffset, storeTimestampOf: (at) => storeTimestampOf(commitLog, queue, at) },
      sinceMs,
    )
  }

  #hide(topic: string): void {
    const { queues } = this.#parts
    for (const queueId of queues.table.queueIds(topic))
      queues.table.queue(topic, queueId).hideBefore(this.#positions.get(topic)!)
  }

  /** A topic that cannot be read does not keep the others from being hidden. */
  #tryFor(topic: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#parts.log.error(
        { err: error, topic },
        'the messages whose reserve.time has passed could not be hidden: it will be tried again',
      )
    }
  }

  #note(topic: string, position: number): void {
    this.#positions.set(topic, position)
    this.#isUnsaved = true
  }

  #save(): void {
    if (!this.#isUnsaved) return
    for (const [topic, position] of this.#positions) {
      if (position <= this.#parts.commitLog.minPosition) this.#positions.delete(topic)
    }
    try {
      this.#file.save(stringifyHiddenPositions(this.#positions))
      this.#isUnsaved = false
      this.#hasFailed = false
    } catch (error) {
      // Each round tries again; only the first failure is logged.
      if (!this.#hasFailed) {
        this.#parts.log.error({ err: error }, `${this.#file.path} could not be written: it will be tried again`)
      }
      this.#hasFailed = true
    }
  }

  #load(): Map<string, number> {
    try {
      return this.#file.load(parseHiddenPositions) ?? new Map()
    } catch (error) {
      this.#parts.log.warn(
        { err: error },
        'which messages were hidden since their reserve.time had passed is not known: those of topics that have no ' +
          'reserve.time any more may show again until their files are deleted',
      )
      return new Map()
    }
  }
}

/**
 * Writes config/hiddenPositions.json:
 *
 *     {"hiddenBefore":{"<topic>":<position of the log>}}
 */
export function stringifyHiddenPositions(positions: ReadonlyMap<string, number>): string {
  return JSON.stringify({ hiddenBefore: Object.fromEntries(positions) })
}

/** @throws Error when the text is no such file */
export function parseHiddenPositions(text: string): Map<string, number> {
  const hiddenBefore = (JSON.parse(text) as { hiddenBefore?: unknown } | null)?.hiddenBefore
  if (typeof hiddenBefore !== 'object' || hiddenBefore === null) throw new Error('it has no hiddenBefore')
  const positions = new Map<string, number>()
  for (const [topic, position] of Object.entries(hiddenBefore)) {
    if (!Number.isSafeInteger(position) || position < 0) throw new Error(`${topic} has no position of the log`)
    positions.set(topic, position)
  }
  return positions
}
