import type { Clock } from '@rocketmq-ts/platform'
import type { MessageToStore } from '@rocketmq-ts/protocol'
import type { Followers } from './followers.ts'
import { keyHashes } from './index/key-hash.ts'
import type { CommitLog } from './log/commit-log.ts'
import type { LogSync } from './log/log-sync.ts'
import type { LogRecord } from './log-record.ts'
import type { ConsumeQueue } from './queues/consume-queue.ts'
import type { ConsumeQueues } from './queues/consume-queues.ts'
import type { PutOutcome, PutPlace, StoreMessage } from './store-message.ts'
import type { FlushMode } from './store-options.ts'
import type { TagsCodes } from './tags-codes.ts'
import { diskFullReason, isDiskFull, type Refusal, type WriteGuard } from './write-guard.ts'

interface PendingPut {
  records: LogRecord[]
  queues: ConsumeQueue[]
  waitsForSync: boolean
  done(outcome: PutOutcome): void
}

/** A message on its way into the log. */
interface PreparedMessage {
  message: StoreMessage
  encoded: MessageToStore
  queue: ConsumeQueue
  totalSize: number
}

const gatheredBytesMax = 4 * 1024 * 1024
/** While a write is under way in the background, so much may be gathered until the loop waits for the disk. */
const gatheredInFlightBytesMax = 8 * gatheredBytesMax
/** Below it, handing a write to another thread takes longer than the write. */
const backgroundWriteBytes = 64 * 1024
/** Node has four threads for files. When reads, which may wait for a disk, keep so many, a write could wait for them. */
const backgroundReadsMax = 2

export interface PutPipelineParts {
  clock: Clock
  commitLog: CommitLog
  logSync: LogSync
  queues: ConsumeQueues
  followers: Followers
  guard: WriteGuard
  tagsCodes: TagsCodes
  flushMode: FlushMode
  backgroundWriteBytesMin: number | undefined
  /** Reads of files that are under way in the background. */
  backgroundReads(): number
}

/**
 * Takes messages into the log: everything that comes in one turn of the loop is written at once, then given to the
 * followers, then confirmed.
 */
export class PutPipeline {
  readonly #parts: PutPipelineParts
  #pending: PendingPut[] = []
  /** What is being written in the background. */
  #flight: { puts: PendingPut[] } | undefined
  #lastTimestamp: number

  /** @param lastTimestamp store time of the newest message, below which store times do not go back */
  constructor(parts: PutPipelineParts, lastTimestamp: number) {
    this.#parts = parts
    this.#lastTimestamp = lastTimestamp
  }

  get lastTimestamp(): number {
    return this.#lastTimestamp
  }

  /**
   * Puts messages in this order, all or none of them.
   * @param done called once, at the end of this turn at the earliest
   */
  put(messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void): void {
    const { guard, clock, commitLog } = this.#parts
    const { refusal } = guard
    if (refusal !== undefined) {
      done({ kind: 'refused', ...refusal })
      return
    }
    const prepared: PreparedMessage[] = []
    for (const message of messages) {
      const reason = this.#prepare(message, prepared)
      if (reason !== undefined) {
        done({ kind: 'refused', cause: 'illegal', reason })
        return
      }
    }
    const pending: PendingPut = { records: [], queues: [], waitsForSync: false, done }
    this.#lastTimestamp = Math.max(clock.now(), this.#lastTimestamp)
    for (const one of prepared) this.#append(one, pending)
    if (this.#pending.length === 0) clock.endOfTurn(() => this.commit())
    this.#pending.push(pending)
    if (commitLog.unwrittenBytes > gatheredBytesMax) this.commit()
    if (commitLog.unwrittenBytes > gatheredInFlightBytesMax) this.commitNow()
  }

  /**
   * Writes what was put since the last time: a little at once, much in the background unless reads are busy there. What
   * comes meanwhile is written when that has ended.
   */
  commit(): void {
    if (this.#flight !== undefined || this.#pending.length === 0) return
    const { commitLog, backgroundReads, backgroundWriteBytesMin = backgroundWriteBytes } = this.#parts
    const puts = this.#takePending()
    const isWrittenNow = commitLog.unwrittenBytes < backgroundWriteBytesMin || backgroundReads() > backgroundReadsMax
    if (isWrittenNow) this.#writeNow(puts)
    else void this.#writeLater(puts)
  }

  /** Writes everything that was put before it returns. */
  commitNow(): void {
    const flying = this.#flight?.puts.splice(0) ?? []
    const puts = [...flying, ...this.#takePending()]
    if (puts.length > 0) this.#writeNow(puts)
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

  async #writeLater(puts: PendingPut[]): Promise<void> {
    const { commitLog } = this.#parts
    const flight = { puts }
    this.#flight = flight
    try {
      const end = await commitLog.writeLater()
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
    const { guard, followers, clock, logSync } = this.#parts
    logSync.limitUnsynced()
    try {
      const nowMs = clock.monotonic()
      for (const { records, queues } of puts) {
        for (let index = 0; index < records.length; index++) followers.apply(records[index]!, queues[index]!, nowMs)
      }
    } catch (error) {
      guard.fence('writing messages', error)
      refuse(puts, guard.refusal!)
      return
    }
    for (const put of puts) this.#confirm(put)
    followers.announce()
  }

  /** A full disk refuses the puts, and nothing of them is left. Any other failure fences the store. */
  #notWritten(puts: readonly PendingPut[], error: unknown): void {
    const { commitLog, guard } = this.#parts
    // While a part of the log is being written in the background, it cannot be taken back.
    if (!isDiskFull(error) || this.#flight !== undefined) {
      guard.fence('writing messages', error)
      refuse(puts, guard.refusal!)
      return
    }
    commitLog.cutBack()
    for (const { records, queues } of puts.toReversed()) {
      for (const [index, queue] of queues.entries()) {
        queue.nextOffset = Math.min(queue.nextOffset, records[index]!.queueOffset)
      }
    }
    guard.setDiskFull(diskFullReason)
    refuse(puts, { cause: 'disk-full', reason: diskFullReason })
  }

  #confirm(put: PendingPut): void {
    if (!put.waitsForSync) {
      put.done({ kind: 'stored', places: put.records })
      return
    }
    const last = put.records.at(-1)!
    this.#parts.logSync.whenSynced(last.physicalOffset + last.totalSize, (isSynced) => {
      const { refusal } = this.#parts.guard
      if (isSynced) put.done({ kind: 'stored', places: put.records })
      else if (refusal?.cause === 'fenced') put.done({ kind: 'refused', ...refusal })
      else put.done({ kind: 'sync-timeout', places: put.records })
    })
  }

  /** @returns why the message cannot be stored, or undefined when it was added to `prepared` */
  #prepare(message: StoreMessage, prepared: PreparedMessage[]): string | undefined {
    const { queues, commitLog } = this.#parts
    if (message.properties.hasZero) {
      // Zeros are what a write that was cut off by a power failure leaves.
      return 'the properties of a message must not hold a zero character'
    }
    const queue = queues.queue(message.topic, message.queueId, message.memo)
    const encoded: MessageToStore = {
      topicBytes: queue.topicBytes,
      queueId: message.queueId,
      flag: message.flag,
      sysFlag: message.sysFlag,
      bornTimestamp: message.bornTimestamp,
      bornHost: message.bornHost,
      storeHost: message.storeHost,
      reconsumeTimes: message.reconsumeTimes,
      preparedTransactionOffset: message.preparedTransactionOffset,
      body: message.body,
      propertiesBytes: message.properties.bytes,
    }
    const totalSize = commitLog.sizeOf(encoded)
    if (totalSize > commitLog.recordBytesMax) {
      return `a message of ${totalSize} bytes does not fit into a file of the log: raise mappedFileSizeCommitLog`
    }
    prepared.push({ message, encoded, queue, totalSize })
    return undefined
  }

  #append({ message, encoded, queue, totalSize }: PreparedMessage, pending: PendingPut): void {
    const { commitLog, flushMode, tagsCodes } = this.#parts
    const queueOffset = queue.nextOffset++
    const storeTimestamp = this.#lastTimestamp
    const physicalOffset = commitLog.append(encoded, totalSize, queueOffset, storeTimestamp)
    const { topic, queueId, properties, sysFlag } = message
    const record: LogRecord & PutPlace = {
      physicalOffset,
      totalSize,
      topic,
      queueId,
      queueOffset,
      sysFlag,
      storeTimestamp,
      tagsCode: tagsCodes.of(topic, properties, storeTimestamp),
      keyHashes: keyHashes(queue.keyPrefixHash, properties),
    }
    pending.records.push(record)
    pending.queues.push(queue)
    if (flushMode === 'SYNC_FLUSH' && properties.value('waitStoreOk') !== 'false') pending.waitsForSync = true
  }
}

function refuse(puts: readonly PendingPut[], refusal: Refusal): void {
  for (const { done } of puts) done({ kind: 'refused', ...refusal })
}
