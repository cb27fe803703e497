import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import {
  type DecodedMessage,
  ProtocolError,
  popConsumedTopic,
  popRetryTopicOf,
  retryTopicPrefix,
  reviveGroup,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import type { MessageStore, PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import type { MessageSink } from '../intake/intake.ts'
import type { InternalStore } from '../internal-consumer/internal-consumer.ts'
import { decodedRecord, messagesIn } from '../stored-message.ts'
import type { CommittedOffsets } from './pop-cursors.ts'
import type { Checkpoint, Receipts } from './receipts.ts'
import { retryCopy } from './retry-copy.ts'
import { type Due, Revival, type TimerProgress } from './revival.ts'
import { type ReviveRecord, type ReviveRecordParts, revivedRecord } from './revive-records.ts'

/** What a queue of the revive topic needs to make messages visible again. */
export interface RevivingParts {
  clock: Clock
  log: Log
  records: ReviveRecordParts
  store: InternalStore & Pick<MessageStore, 'read'>
  sink: MessageSink
  topics: {
    get(topic: string): TopicConfig | undefined
    /** Makes a topic of the system, or gives it more queues. */
    widenInternal(topic: string, queueNums: number): unknown
    /** Resolves when topics that were made survive a failure of the power. */
    secured(): Promise<void>
  }
  groups: { get(group: string): unknown }
  offsets: CommittedOffsets & { flush(): void; beginOf(group: string): number }
  receipts: Receipts
  timer: TimerProgress
  settings(): { enableRetryTopicV2: boolean; useSeparateRetryQueue: boolean }
  /** Messages of a checkpoint are visible again. */
  onRevived(checkpoint: Checkpoint, count: number): void
}

/** Of each queue, in a turn of the loop. */
const dueAtOnce = 8
/**
 * The noted progress stays behind by so much: after a crash the timer may deliver checkpoints again that it delivered
 * within that time, and the records that they are dealt with have to be read with them.
 */
const progressLagMs = 5000
/** Checkpoints of earlier lives and acknowledgements that are being stored are looked at again so often. */
const recheckMs = 200
const retryMs = 1000

/**
 * Retry topics of groups. One has to survive a failure of the power before a message is put into it: a message whose
 * topic is lost would never come.
 */
export class RetryTopics {
  readonly #topics: RevivingParts['topics']
  /** By topic: queues of it, and when it is safe. */
  readonly #made = new Map<string, { queueNums: number; safe: Promise<void> }>()

  constructor(topics: RevivingParts['topics']) {
    this.#topics = topics
  }

  /** @throws ProtocolError when its name is malformed; the file system's errors */
  make(topic: string, queueNums: number): Promise<void> {
    const known = this.#made.get(topic)
    if (known !== undefined && known.queueNums >= queueNums) return known.safe
    this.#topics.widenInternal(topic, queueNums)
    const safe = this.#topics.secured().catch((error: unknown) => {
      this.#made.delete(topic)
      throw error
    })
    this.#made.set(topic, { queueNums, safe })
    return safe
  }

  forget(topic: string): void {
    this.#made.delete(topic)
  }
}

/** One queue of the revive topic: what is due in it becomes visible again. */
export class RevivingQueue {
  readonly #queueId: number
  readonly #parts: RevivingParts
  readonly #retryTopics: RetryTopics
  #revival: Revival
  #running: Promise<void> | undefined
  #isClosed = false
  #isFailing = false
  #cancelTimer: CancelTimer = () => {}
  /** Progress that is noted when it is old enough. */
  #next: { done: number; sinceMs: number } | undefined

  constructor(queueId: number, parts: RevivingParts, retryTopics: RetryTopics) {
    this.#queueId = queueId
    this.#parts = parts
    this.#retryTopics = retryTopics
    const { offsets, records } = parts
    // The official broker notes the last record that is done, not the one behind it.
    this.#revival = this.#revivalFrom((offsets.offset(reviveGroup, records.reviveTopic, queueId) ?? -1) + 1)
  }

  get readOffset(): number {
    return this.#revival.readOffset
  }

  get pendingCount(): number {
    return this.#revival.pendingCount
  }

  read(queueOffset: number, record: ReviveRecord | undefined): void {
    this.#revival.read(queueOffset, record)
  }

  /** Records before an offset were read, or cannot be. */
  passTo(offset: number): void {
    if (offset > this.#revival.readOffset) this.#revival.read(offset - 1, undefined)
    this.#noteProgress()
  }

  goBack(offset: number): void {
    this.#revival = this.#revivalFrom(offset)
    this.#next = undefined
    const { offsets, records } = this.#parts
    offsets.commit(reviveGroup, records.reviveTopic, this.#queueId, offset - 1)
    offsets.flush()
  }

  /** Looks now for what is due, and from then on by itself. */
  wake(): void {
    if (this.#isClosed || this.#running !== undefined) return
    this.#cancelTimer()
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      this.#waitForNext()
    })
  }

  async drain(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    await this.#running
  }

  #revivalFrom(nextOffset: number): Revival {
    const { records, receipts, timer, store } = this.#parts
    const { epoch, reviveTopic } = records
    const maxOffset = () => store.maxOffset(reviveTopic, this.#queueId)
    return new Revival(nextOffset, { epoch, receipts, timer, maxOffset })
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        if (this.#isClosed) return
        const revival = this.#revival
        const due = revival.takeDue(this.#parts.clock.now(), dueAtOnce)
        if (due.length === 0) break
        const outcomes = await Promise.all(due.map((one) => this.#revive(one)))
        for (const [index, one] of due.entries()) revival.settle(one, outcomes[index]!)
        this.#noteProgress()
        if (outcomes.includes(false)) break
        this.#isFailing = false
      }
    } finally {
      this.#noteProgress()
    }
  }

  /** @returns false when it could not be done now */
  async #revive({ checkpoint, offsets }: Due): Promise<boolean> {
    try {
      const messages = await this.#copies(checkpoint, offsets)
      const { records, clock, sink } = this.#parts
      messages.push(revivedRecord({ ...checkpoint, offsets }, records, clock.now()))
      const outcome = await new Promise<PutOutcome>((resolve) => sink.put(messages, resolve))
      if (outcome.kind !== 'refused') {
        this.#parts.onRevived(checkpoint, messages.length - 1)
        return true
      }
      if (outcome.cause === 'illegal') return this.#giveUp(checkpoint, outcome.reason)
      this.#failed(new Error(outcome.reason))
    } catch (error) {
      if (error instanceof ProtocolError) return this.#giveUp(checkpoint, error.message)
      this.#failed(error)
    }
    return false
  }

  /** Messages of a topic or group that is gone are not made visible again, and neither are those that are deleted. */
  async #copies(checkpoint: Checkpoint, offsets: readonly number[]): Promise<StoreMessage[]> {
    const { topics, groups, offsets: progress, log } = this.#parts
    const { topic, group, queueId, logEnd = Number.POSITIVE_INFINITY } = checkpoint
    const consumed = topics.get(popConsumedTopic(group, topic))
    if (consumed === undefined || groups.get(group) === undefined || logEnd < progress.beginOf(group)) return []
    const { enableRetryTopicV2, useSeparateRetryQueue } = this.#parts.settings()
    const retryTopic = topic.startsWith(retryTopicPrefix)
      ? topic
      : popRetryTopicOf(group, topic, enableRetryTopicV2 ? '2' : '1')
    const { storeHost } = this.#parts.records
    const copies: StoreMessage[] = []
    for (const [index, message] of (await this.#messages(checkpoint, offsets)).entries()) {
      if (message !== undefined) {
        const place = { topic: retryTopic, queueId: useSeparateRetryQueue ? queueId : 0, storeHost }
        for (const one of messagesIn(message)) copies.push(retryCopy(one, checkpoint, place))
        continue
      }
      const fields = { topic, queueId, offset: offsets[index], group }
      log.warn(fields, 'a message that was not acknowledged is deleted: it cannot come again')
    }
    const queueNums = useSeparateRetryQueue ? Math.max(consumed.writeQueueNums, queueId + 1) : 1
    if (copies.length > 0) await this.#retryTopics.make(retryTopic, queueNums)
    return copies
  }

  async #messages(
    { topic, queueId, logEnd = Number.POSITIVE_INFINITY }: Checkpoint,
    offsets: readonly number[],
  ): Promise<(DecodedMessage | undefined)[]> {
    const { store } = this.#parts
    const minOffset = store.minOffset(topic, queueId)
    const units = await Promise.all(
      offsets.map(async (offset) => (offset < minOffset ? [] : await store.units(topic, queueId, offset, 1))),
    )
    const records = await store.recordsAt(units.flat())
    let next = 0
    const messages = units.map(([unit]) => (unit === undefined ? undefined : decodedRecord(records[next++])))
    for (const [index, message] of messages.entries()) {
      // The topic was deleted, and made anew: another message stands there.
      const isOther = (units[index]![0]?.physicalOffset ?? 0) >= logEnd
      messages[index] = isOther ? undefined : (message ?? (await this.#compacted(topic, queueId, offsets[index]!)))
    }
    return messages
  }

  /** A message that the log has deleted may stand in a compacted log still. */
  async #compacted(topic: string, queueId: number, queueOffset: number): Promise<DecodedMessage | undefined> {
    const request = { topic, queueId, queueOffset, countMax: 1, scannedUnitsMax: 1, bytesMax: 1, matches: () => true }
    const { parts } = await this.#parts.store.read(request)
    // Its memory is used again after this turn.
    const message = parts[0] === undefined ? undefined : decodedRecord(Buffer.from(parts[0]))
    return message?.queueOffset === queueOffset ? message : undefined
  }

  #giveUp(checkpoint: Checkpoint, reason: string): true {
    this.#parts.log.error(
      { ...checkpoint, reason },
      'messages that were not acknowledged can never be stored again: their group does not get them any more',
    )
    return true
  }

  /** A store that takes nothing fails each attempt: the first is said, and the next after a success. */
  #failed(error: unknown): void {
    if (!this.#isFailing) {
      this.#parts.log.error(
        { err: error, queueId: this.#queueId },
        'messages that were not acknowledged could not be made visible again: it goes on trying',
      )
    }
    this.#isFailing = true
  }

  #noteProgress(): void {
    const { offsets, records, clock } = this.#parts
    const { reviveTopic } = records
    const nowMs = clock.monotonic()
    if (this.#next !== undefined && nowMs - this.#next.sinceMs < progressLagMs) return
    const done = this.#revival.doneOffset - 1
    if (this.#next !== undefined) offsets.commit(reviveGroup, reviveTopic, this.#queueId, this.#next.done)
    const isNoted = done < 0 || done === offsets.offset(reviveGroup, reviveTopic, this.#queueId)
    this.#next = isNoted ? undefined : { done, sinceMs: nowMs }
  }

  #waitForNext(): void {
    if (this.#isClosed) return
    const { clock } = this.#parts
    const waitMs = this.#revival.waitMs(clock.now())
    if (waitMs === undefined) return
    // What is due by the clock, and was not taken, waits for something else.
    const least = this.#isFailing ? retryMs : waitMs === 0 ? recheckMs : 1
    this.#cancelTimer()
    this.#cancelTimer = clock.after(Math.min(Math.max(waitMs, least), 1000), () => this.wake())
  }
}
