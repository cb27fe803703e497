import { assert } from '@rocketmq-ts/base'
import type { Clock } from '@rocketmq-ts/platform'
import {
  EncodedProperties,
  encodeMessageProperties,
  lightQueueId,
  type MessageToStore,
  propertyName,
  recordProblem,
  recordSysFlag,
  sysFlag,
} from '@rocketmq-ts/protocol'
import { type ConfirmPolicy, inSystemsHands, safe } from './confirmation.ts'
import type { RecordFollower } from './followers/follower.ts'
import { RecordView, standsInQueue } from './followers/record-view.ts'
import type { CommitLog } from './log/commit-log.ts'
import type { LogSync } from './log/log-sync.ts'
import { type RawRecord, RawRecords } from './log/raw-records.ts'
import { PendingPut } from './pending-put.ts'
import { batchCountMax } from './queues/batch-unit.ts'
import type { ConsumeQueue } from './queues/consume-queue.ts'
import { type LightDispatch, lightMarks, withoutLightOffsets } from './queues/light-dispatch.ts'
import { lightPlaces } from './queues/light-places.ts'
import type { QueueTable } from './queues/queue-table.ts'
import type { TopicEntry } from './queues/topic-handle.ts'
import type { PutOutcome, StoreMessage } from './store-message.ts'
import { diskFullReason, isDiskFull, type WriteGuard } from './write-guard.ts'

/** A message that passed all checks: only the disk can still keep it from being stored. */
interface PreparedMessage extends MessageToStore {
  entry: TopicEntry
  /** The queue that it will stand in; undefined when it stands in none. */
  queue: ConsumeQueue | undefined
  totalSize: number
  properties: StoreMessage['properties']
}

const gatheredBytesMax = 4 * 1024 * 1024
/** How much is gathered during a background write before the loop waits for the disk. */
const gatheredInFlightBytesMax = 8 * gatheredBytesMax
/** A smaller write takes less time than handing it to another thread. */
const backgroundWriteBytes = 64 * 1024
/** Node has four threads for files. With more reads than this waiting for the disk, a write could wait behind them. */
const backgroundReadsMax = 2

export interface PutPipelineParts {
  clock: Clock
  commitLog: CommitLog
  logSync: LogSync
  /** Give messages their queue offsets. */
  queues: QueueTable
  /** Gives messages their offsets in light queues. */
  lightDispatch: LightDispatch
  followers: readonly RecordFollower[]
  guard: WriteGuard
  /** Asked for in each turn. */
  confirmPolicy(): ConfirmPolicy
  backgroundWriteBytesMin: number | undefined
  /** The number of file reads under way in the background. */
  backgroundReads(): number
}

/**
 * Takes messages into the log: everything put in one turn of the loop is written together, then given to the followers,
 * then confirmed.
 *
 * A message gets a queue offset only if it will stand in its queue, and only once nothing but the disk can keep it from
 * being stored. When the disk refuses it, its offset and all later ones are taken back. So the offsets of a queue have
 * no gaps, and a sender is told the offset at which the message stands.
 */
export class PutPipeline {
  readonly #parts: PutPipelineParts
  #pending: PendingPut[] = []
  /** The background write under way. */
  #flight: { puts: PendingPut[]; ending: Promise<void> } | undefined
  #lastTimestamp: number
  readonly #raw: RawRecords
  /** Whether bytes of another broker's log came since the last message was put. */
  #hasRaw = false

  /** @param lastTimestamp store time of the newest message; later store times are never below it */
  constructor(parts: PutPipelineParts, lastTimestamp: number) {
    this.#parts = parts
    this.#lastTimestamp = lastTimestamp
    this.#raw = new RawRecords(parts.commitLog.segments.segmentBytes)
  }

  /** Resolves when the background write under way has ended; undefined without one. */
  get writing(): Promise<void> | undefined {
    return this.#flight?.ending
  }

  get lastTimestamp(): number {
    return this.#lastTimestamp
  }

  /**
   * Puts messages in this order, all or none of them.
   * @param messages at least one
   * @param done called once, perhaps before this returns
   * @throws QueueFileError when a queue cannot be used; the file system's errors: nothing is stored then
   */
  put(messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void): void {
    assert(messages.length > 0, 'no message is put')
    if (this.#hasRaw) this.#endRaw()
    const { guard, clock } = this.#parts
    const { refusal } = guard
    if (refusal !== undefined) {
      done({ kind: 'refused', ...refusal })
      return
    }
    const first = this.#prepare(messages[0]!)
    // Most puts are of one message: an array that grows by `push` would reserve room for many more.
    const prepared = [first]
    for (let index = 1; index < messages.length; index++) prepared.push(this.#prepare(messages[index]!))
    let concernsLight = false
    for (const one of prepared) {
      if (typeof one === 'string') {
        done({ kind: 'refused', cause: 'illegal', reason: one })
        return
      }
      if (one.properties.hasAny(lightMarks)) concernsLight = true
    }
    const accepted = prepared as PreparedMessage[]
    const refused = concernsLight ? this.#placeInLightQueues(accepted) : undefined
    if (refused !== undefined) {
      done(refused)
      return
    }
    this.#lastTimestamp = Math.max(clock.now(), this.#lastTimestamp)
    const records = this.#appendAll(accepted)
    if (concernsLight) this.#parts.lightDispatch.end(true)
    this.#gather(new PendingPut(clock, records, done))
  }

  /** @returns why they cannot be stored with their offsets in light queues; none is given then */
  #placeInLightQueues(prepared: readonly PreparedMessage[]): PutOutcome | undefined {
    const { lightDispatch, commitLog } = this.#parts
    const refusal = lightDispatch.take(prepared)
    if (refusal !== undefined) return { kind: 'refused', ...refusal }
    for (const one of prepared) {
      one.totalSize = commitLog.sizeOf(one)
      const reason = recordProblem(one) ?? this.#sizeProblem(one)
      if (reason === undefined) continue
      lightDispatch.end(false)
      return { kind: 'refused', cause: 'illegal', reason }
    }
    return undefined
  }

  #sizeProblem({ totalSize }: PreparedMessage): string | undefined {
    if (totalSize <= this.#parts.commitLog.recordBytesMax) return undefined
    return `a message of ${totalSize} bytes does not fit into a file of the log: raise mappedFileSizeCommitLog`
  }

  /** See `MessageStore.putWhole`. */
  putWhole(batch: StoreMessage, count: number, done: (outcome: PutOutcome) => void): void {
    assert((batch.sysFlag & sysFlag.innerBatch) !== 0, 'a batch is put whole without saying so')
    assert(count >= 1 && count <= batchCountMax, `a batch of ${count} messages is put whole`)
    if (this.#hasRaw) this.#endRaw()
    const { guard, clock, queues, commitLog } = this.#parts
    const { refusal } = guard
    if (refusal !== undefined) {
      done({ kind: 'refused', ...refusal })
      return
    }
    const entry = queues.entry(batch.topic, batch.handle)
    const queue = entry?.queueType === 'BatchCQ' ? queues.queueOf(entry, batch.queueId) : undefined
    if (queue === undefined) {
      const reason = `${JSON.stringify(batch.topic)} has no queues of batches (queue.type=BatchCQ)`
      done({ kind: 'refused', cause: 'illegal', reason })
      return
    }
    batch.properties.append(batchProperties(count, queue.nextOffset))
    const prepared = this.#prepare(batch)
    if (typeof prepared === 'string') {
      done({ kind: 'refused', cause: 'illegal', reason: prepared })
      return
    }
    if (prepared.properties.has('multiQueueOffset')) {
      withoutLightOffsets(prepared)
      prepared.totalSize = commitLog.sizeOf(prepared)
    }
    this.#lastTimestamp = Math.max(clock.now(), this.#lastTimestamp)
    const records = this.#appendAll([prepared])
    queue.nextOffset += count - 1
    this.#gather(new PendingPut(clock, records, done))
  }

  /** The position that the next bytes for `appendRaw` must have. */
  get appendPosition(): number {
    return this.#raw.nextPosition(this.#parts.commitLog.endPosition)
  }

  /** See `MessageStore.appendRaw`. */
  appendRaw(position: number, bytes: Buffer, done: (outcome: PutOutcome) => void): void {
    const { guard, clock, commitLog } = this.#parts
    const { refusal } = guard
    if (refusal !== undefined) {
      done({ kind: 'refused', ...refusal })
      return
    }
    if (position !== this.appendPosition) {
      const reason = `bytes for position ${position} of the log cannot be appended: it goes on at ${this.appendPosition}`
      done({ kind: 'refused', cause: 'illegal', reason })
      return
    }
    const reading = this.#raw.take(commitLog.endPosition, bytes)
    if (reading.kind === 'illegal') {
      done({ kind: 'refused', cause: 'illegal', reason: reading.reason })
      return
    }
    this.#hasRaw = true
    const pending = new PendingPut(clock, this.#appendRecords(reading.records), done, true)
    reading.accept()
    if (pending.records.length === 0) pending.confirmed(safe)
    else this.#gather(pending)
  }

  /** Drops the incomplete record that waits for its rest: the log will not go on with it. */
  forgetRaw(): void {
    this.#raw.clear()
  }

  /**
   * Goes back from raw records to puts. Raw records are written first, so that puts get the offsets behind theirs. An
   * incomplete raw record is dropped.
   */
  #endRaw(): void {
    this.#hasRaw = false
    this.#raw.clear()
    this.commitNow()
  }

  #appendRecords(records: readonly RawRecord[]): RecordView[] {
    const { queues, commitLog } = this.#parts
    // A queue that cannot be used throws here, before anything is appended.
    for (const { bytes, layout } of records) {
      if (!standsInQueue(layout.sysFlag)) continue
      const entry = queues.entry(bytes.toString('utf8', layout.topicStart, layout.topicEnd))
      if (entry !== undefined) queues.queueOf(entry, layout.queueId)
      this.#checkLightQueues(bytes, layout)
    }
    const start = commitLog.endPosition
    const views: RecordView[] = []
    try {
      for (const { bytes, layout } of records) {
        commitLog.appendRecord(bytes.subarray(layout.start, layout.start + layout.totalSize), layout.physicalOffset)
        views.push(RecordView.ofLayout(commitLog, layout))
      }
    } catch (error) {
      commitLog.takeBack(start)
      throw error
    }
    for (const { storeTimestamp } of views) this.#lastTimestamp = Math.max(this.#lastTimestamp, storeTimestamp)
    return views
  }

  /** @throws QueueFileError when a light queue of a record cannot be used */
  #checkLightQueues(bytes: Buffer, { propertiesStart, propertiesEnd }: RawRecord['layout']): void {
    const properties = new EncodedProperties(bytes.subarray(propertiesStart, propertiesEnd))
    if (!properties.has('multiQueueOffset')) return
    const { queues } = this.#parts
    for (const { name } of lightPlaces(properties)) if (queues.isLight(name)) queues.queue(name, lightQueueId)
  }

  #gather(pending: PendingPut): void {
    const { clock, commitLog } = this.#parts
    if (this.#pending.length === 0) clock.endOfTurn(() => this.commit())
    this.#pending.push(pending)
    if (commitLog.unwrittenBytes > gatheredBytesMax) this.commit()
    if (commitLog.unwrittenBytes > gatheredInFlightBytesMax) this.commitNow()
  }

  /**
   * Writes what was put since the last write: a small amount at once, a large one in the background unless reads are
   * busy there. What is put during a background write is written after it.
   */
  commit(): void {
    if (this.#flight !== undefined || this.#pending.length === 0) return
    const { commitLog, backgroundReads, backgroundWriteBytesMin = backgroundWriteBytes } = this.#parts
    const puts = this.#takePending()
    const isWrittenNow = commitLog.unwrittenBytes < backgroundWriteBytesMin || backgroundReads() > backgroundReadsMax
    if (isWrittenNow) this.#writeNow(puts)
    else this.#writeLater(puts)
  }

  /** Before it returns, writes everything that was put, and what the callbacks of those puts put in turn. */
  commitNow(): void {
    for (;;) {
      const flying = this.#flight?.puts.splice(0) ?? []
      const puts = [...flying, ...this.#takePending()]
      if (puts.length === 0) return
      this.#writeNow(puts)
    }
  }

  #takePending(): PendingPut[] {
    const pending = this.#pending
    this.#pending = []
    return pending
  }

  #writeNow(puts: PendingPut[]): void {
    try {
      this.#parts.commitLog.write()
    } catch (error) {
      this.#notWritten(puts, error)
      return
    }
    this.#written(puts)
  }

  #writeLater(puts: PendingPut[]): void {
    const write = this.#parts.commitLog.writeLater()
    const flight = { puts, ending: Promise.resolve() }
    this.#flight = flight
    flight.ending = this.#land(flight, write)
  }

  async #land(flight: { puts: PendingPut[] }, write: Promise<number>): Promise<void> {
    const { commitLog } = this.#parts
    try {
      const end = await write
      this.#flight = undefined
      commitLog.noteWritten(end)
    } catch (error) {
      this.#flight = undefined
      this.#notWritten([...flight.puts, ...this.#takePending()], error)
      return
    }
    this.#written(flight.puts)
    this.commit()
  }

  #written(puts: readonly PendingPut[]): void {
    const { guard, followers, logSync } = this.#parts
    logSync.limitUnsynced()
    try {
      for (const { records } of puts) {
        for (let index = 0; index < records.length; index++) {
          const record = records[index]!
          for (let at = 0; at < followers.length; at++) followers[at]!.apply(record)
        }
      }
    } catch (error) {
      guard.fence('writing messages', error)
      for (const put of puts) put.refuse(guard.refusal!)
      return
    }
    const policy = this.#parts.confirmPolicy()
    for (const put of puts) {
      const { records, isRaw } = put
      const isAwaited = policy !== inSystemsHands && (isRaw || records.some(isSafetyWanted))
      ;(isAwaited ? policy : inSystemsHands).confirm(records.at(-1)!.end, put)
    }
    for (const follower of followers) follower.announce?.()
  }

  /** A full disk refuses the puts, and nothing of them is left. Any other failure fences the store. */
  #notWritten(puts: readonly PendingPut[], error: unknown): void {
    const { commitLog, guard } = this.#parts
    // While a part of the log is being written in the background, it cannot be taken back.
    if (!isDiskFull(error) || this.#flight !== undefined) {
      guard.fence('writing messages', error)
      for (const put of puts) put.refuse(guard.refusal!)
      return
    }
    try {
      commitLog.takeBackUnwritten()
    } catch (failure) {
      guard.fence('taking back messages', failure)
      for (const put of puts) put.refuse(guard.refusal!)
      return
    }
    this.#raw.clear()
    for (const { records, isRaw } of puts) {
      takeBackOffsets(records)
      if (!isRaw) this.#parts.lightDispatch.takeBackRecords(records)
    }
    guard.setDiskFull(diskFullReason)
    for (const put of puts) put.refuse({ cause: 'disk-full', reason: diskFullReason })
  }

  /** @returns the message, or why it cannot be stored */
  #prepare(message: StoreMessage): PreparedMessage | string {
    const { queues, commitLog } = this.#parts
    const { topic, queueId, properties } = message
    if (properties.hasZero) {
      // Recovery takes a zero there for a write that a power failure cut off.
      return 'the properties of a message must not hold a zero character'
    }
    const entry = queues.entry(topic, message.handle)
    if (entry === undefined) return `${JSON.stringify(topic)} cannot name a topic: it cannot name a folder`
    const encoded: PreparedMessage = {
      topicBytes: entry.topicBytes,
      queueId,
      flag: message.flag,
      sysFlag: message.sysFlag,
      bornTimestamp: message.bornTimestamp,
      bornHost: message.bornHost,
      storeHost: message.storeHost,
      reconsumeTimes: message.reconsumeTimes,
      preparedTransactionOffset: message.preparedTransactionOffset,
      body: message.body,
      propertiesBytes: properties.bytes,
      entry,
      queue: undefined,
      totalSize: 0,
      properties,
    }
    const problem = recordProblem(encoded)
    if (problem !== undefined) return problem
    encoded.totalSize = commitLog.sizeOf(encoded)
    const tooLarge = this.#sizeProblem(encoded)
    if (tooLarge !== undefined) return tooLarge
    if (standsInQueue(message.sysFlag)) encoded.queue = queues.queueOf(entry, queueId)
    return encoded
  }

  /** Appends all of the messages, or none when one of them fails. */
  #appendAll(prepared: readonly PreparedMessage[]): RecordView[] {
    const { commitLog, lightDispatch } = this.#parts
    const start = commitLog.endPosition
    let records: RecordView[] = []
    try {
      records = [this.#append(prepared[0]!)]
      for (let index = 1; index < prepared.length; index++) records.push(this.#append(prepared[index]!))
    } catch (error) {
      commitLog.takeBack(start)
      takeBackOffsets(records)
      lightDispatch.end(false)
      throw error
    }
    return records
  }

  #append(message: PreparedMessage): RecordView {
    const { commitLog } = this.#parts
    const { queue, totalSize, queueId, entry, properties } = message
    const queueOffset = queue === undefined ? offsetOfHidden : queue.nextOffset
    const storeTimestamp = this.#lastTimestamp
    const physicalOffset = commitLog.append(message, totalSize, queueOffset, storeTimestamp)
    if (queue !== undefined) queue.nextOffset = queueOffset + 1
    return RecordView.ofPut(
      commitLog,
      physicalOffset,
      totalSize,
      queueOffset,
      storeTimestamp,
      queueId,
      recordSysFlag(message),
      entry,
      properties,
    )
  }
}

/** What the official broker writes as the queue offset of half messages and rollbacks. */
const offsetOfHidden = 0

/** How many messages a batch holds, and the offset of the first of them, as brokers tell consumers. */
function batchProperties(count: number, baseOffset: number): EncodedProperties {
  const properties = [
    [propertyName.innerCount, String(count)],
    [propertyName.innerBase, String(baseOffset)],
  ] as const
  return EncodedProperties.ofText(encodeMessageProperties(properties))
}

function isSafetyWanted({ properties }: RecordView): boolean {
  return properties.value('waitStoreOk') !== 'false'
}

/** Takes back the queue offsets of records, and all later offsets of the same queues. */
function takeBackOffsets(records: readonly RecordView[]): void {
  for (const { topicEntry, queueId, queueOffset, sysFlag } of records) {
    const queue = topicEntry?.queues[queueId]
    if (queue === undefined || !standsInQueue(sysFlag)) continue
    queue.nextOffset = Math.min(queue.nextOffset, queueOffset)
    assert(queue.nextOffset >= queue.maxOffset, `an offset of ${queue.topic}/${queueId} that is in use is taken back`)
  }
}
