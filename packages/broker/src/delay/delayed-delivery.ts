import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { decodeMessages, MessageDecodeError, scheduleTopic } from '@rocketmq-ts/protocol'
import type { PutOutcome, QueueUnit, StoreMessage } from '@rocketmq-ts/storage'
import type { MessageSink } from '../intake/intake.ts'
import type { DelayProgress } from './delay-progress.ts'
import { dueMessage } from './delayed-message.ts'

export interface DelayStore {
  units(topic: string, queueId: number, fromOffset: number, countMax: number): Promise<QueueUnit[]>
  recordAt(physicalOffset: number, totalSize: number): Promise<Buffer | undefined>
  minOffset(topic: string, queueId: number): number
}

export interface DelayedDeliveryParts {
  clock: Clock
  log: Log
  store: DelayStore
  sink: MessageSink
  progress: DelayProgress
  storeHost: Buffer
  /** Milliseconds, from level 1 at index 0. */
  delayLevelsMs: readonly number[]
}

const unitsAtOnce = 64
const retryMs = 1000

/**
 * Delivers delayed messages: one queue for each level holds them in the order in which they become due. A message is
 * put into its real topic and only then passed by, so that a crash delivers it once more rather than never.
 */
export class DelayedDelivery {
  readonly #parts: DelayedDeliveryParts
  readonly #levels: DelayLevel[]

  constructor(parts: DelayedDeliveryParts) {
    this.#parts = parts
    this.#levels = parts.delayLevelsMs.map((delayMs, index) => new DelayLevel(index + 1, delayMs, parts))
  }

  start(): void {
    for (const level of this.#levels) level.wake()
  }

  /** Tells that messages arrived in a queue of the topic of delayed messages. */
  arrived(queueId: number): void {
    this.#levels[queueId]?.wake()
  }

  /** Resolves when nothing is being delivered any more. */
  async close(): Promise<void> {
    await Promise.all(this.#levels.map((level) => level.close()))
    this.#parts.progress.save()
  }
}

class DelayLevel {
  readonly #level: number
  readonly #delayMs: number
  readonly #parts: DelayedDeliveryParts
  #running: Promise<void> | undefined
  #isAwaited = false
  #isClosed = false
  #cancelTimer: CancelTimer = () => {}

  constructor(level: number, delayMs: number, parts: DelayedDeliveryParts) {
    this.#level = level
    this.#delayMs = delayMs
    this.#parts = parts
  }

  /** Looks at the queue now; when a look is under way, once more after it. */
  wake(): void {
    if (this.#isClosed) return
    this.#isAwaited = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#isAwaited) this.wake()
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#isAwaited && !this.#isClosed) {
      this.#isAwaited = false
      this.#cancelTimer()
      try {
        await this.#deliverDue()
      } catch (error) {
        this.#parts.log.error({ err: error, level: this.#level }, 'delivering delayed messages failed; trying again')
        this.#wakeIn(retryMs)
      }
    }
  }

  async #deliverDue(): Promise<void> {
    const { store, progress, clock } = this.#parts
    const queueId = this.#level - 1
    for (;;) {
      const offset = Math.max(progress.offset(this.#level), store.minOffset(scheduleTopic, queueId))
      const units = await store.units(scheduleTopic, queueId, offset, unitsAtOnce)
      if (units.length === 0 || this.#isClosed) return
      const nowMs = clock.now()
      const dueCount = units.findIndex((unit) => this.#dueMs(unit, nowMs) > nowMs)
      const due = dueCount < 0 ? units : units.slice(0, dueCount)
      if (due.length > 0) {
        await this.#deliver(due)
        progress.setOffset(this.#level, offset + due.length)
      }
      if (dueCount >= 0) {
        this.#wakeIn(this.#dueMs(units[dueCount]!, nowMs) - nowMs)
        return
      }
    }
  }

  /** When the clock was set back, a message is not kept longer than its delay. */
  #dueMs(unit: QueueUnit, nowMs: number): number {
    return unit.tagsCode > nowMs + this.#delayMs ? nowMs : unit.tagsCode
  }

  async #deliver(units: readonly QueueUnit[]): Promise<void> {
    const messages: StoreMessage[] = []
    for (const { physicalOffset, totalSize } of units) {
      const record = await this.#parts.store.recordAt(physicalOffset, totalSize)
      const message = record === undefined ? undefined : readDue(record, this.#parts.storeHost)
      if (message !== undefined) messages.push(message)
      else
        this.#parts.log.warn(
          { level: this.#level, physicalOffset },
          'a delayed message is not there, is damaged or names no topic: it is passed by',
        )
    }
    if (messages.length === 0) return
    const outcome = await new Promise<PutOutcome>((resolve) => this.#parts.sink.put(messages, resolve))
    if (outcome.kind === 'refused') throw new Error(outcome.reason)
  }

  #wakeIn(delayMs: number): void {
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => this.wake())
  }
}

/** Undefined for a damaged message, which would hold up for ever all that stand behind it. */
function readDue(record: Buffer, storeHost: Buffer): StoreMessage | undefined {
  try {
    return dueMessage(decodeMessages(record)[0]!, storeHost)
  } catch (error) {
    if (error instanceof MessageDecodeError) return undefined
    throw error
  }
}
