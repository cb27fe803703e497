import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { type DecodedMessage, decodeMessages, MessageDecodeError } from '@rocketmq-ts/protocol'
import type { QueueUnit } from '@rocketmq-ts/storage'

/** What is read of a store. */
export interface InternalStore {
  units(topic: string, queueId: number, fromOffset: number, countMax: number): Promise<QueueUnit[]>
  recordAt(physicalOffset: number, totalSize: number): Promise<Buffer | undefined>
  minOffset(topic: string, queueId: number): number
  maxOffset(topic: string, queueId: number): number
}

export interface InternalConsumerOptions {
  clock: Clock
  log: Log
  store: InternalStore
  topic: string
  /** Its queues are read each for itself. */
  queueCount: number
  /** The queue offset of the next message, kept by its owner. */
  progress: {
    offset(queueId: number): number
    setOffset(queueId: number, offset: number): void
  }
  /** Milliseconds until a message may be handled, 0 or less for now; those behind it wait for it. Left out: now. */
  waitMs?(queueId: number, unit: QueueUnit, nowMs: number): number
  /**
   * Handles messages of a queue, in their order. They are passed by when it resolves; when it rejects, they come again
   * after a second, so that none is lost, and one may come twice.
   */
  handle(messages: readonly DecodedMessage[], queueId: number): Promise<void>
}

/** How far a queue is read. */
export interface QueueProgress {
  nextOffset: number
  maxOffset: number
}

const unitsAtOnce = 64
const retryMs = 1000
/** The wall clock may be set while a message waits: it is looked at again so often. */
const clockCheckMs = 1000

/**
 * A topic that the broker itself reads. Each queue is read in order from where its progress points to: at the start, when
 * messages arrive, and when the time of the next one has come. A damaged message is passed by and said. A progress that
 * points past the end of its queue, because messages were lost, goes back to the end.
 */
export class InternalConsumer {
  readonly #options: InternalConsumerOptions
  readonly #queues: InternalQueue[]

  /** Progress is checked here, before new messages can arrive where lost ones were. */
  constructor(options: InternalConsumerOptions) {
    this.#options = options
    this.#queues = Array.from({ length: options.queueCount }, (_, queueId) => new InternalQueue(queueId, options))
  }

  start(): void {
    for (const queue of this.#queues) queue.wake()
  }

  /** Messages arrived in a queue of some topic. */
  arrived(topic: string, queueId: number): void {
    if (topic === this.#options.topic) this.#queues[queueId]?.wake()
  }

  /** Resolves when nothing is being handled any more. */
  async drain(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.drain()))
  }

  progress(): QueueProgress[] {
    return this.#queues.map((queue) => queue.progress())
  }
}

class InternalQueue {
  readonly #queueId: number
  readonly #options: InternalConsumerOptions
  #running: Promise<void> | undefined
  #isAwaited = false
  #isClosed = false
  #isFailing = false
  #cancelTimer: CancelTimer = () => {}

  constructor(queueId: number, options: InternalConsumerOptions) {
    this.#queueId = queueId
    this.#options = options
    this.#clampProgress()
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

  async drain(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    await this.#running
  }

  progress(): QueueProgress {
    const { store, topic, progress } = this.#options
    return { nextOffset: progress.offset(this.#queueId), maxOffset: store.maxOffset(topic, this.#queueId) }
  }

  async #run(): Promise<void> {
    while (this.#isAwaited && !this.#isClosed) {
      this.#isAwaited = false
      this.#cancelTimer()
      try {
        await this.#catchUp()
        this.#isFailing = false
      } catch (error) {
        this.#failed(error)
        this.#wakeIn(retryMs)
      }
    }
  }

  async #catchUp(): Promise<void> {
    const { store, topic, progress } = this.#options
    const queueId = this.#queueId
    this.#clampProgress()
    for (;;) {
      const offset = Math.max(progress.offset(queueId), store.minOffset(topic, queueId))
      const units = await store.units(topic, queueId, offset, unitsAtOnce)
      if (units.length === 0 || this.#isClosed) return
      const ready = this.#ready(units)
      if (ready.units.length > 0) {
        const messages = await this.#read(ready.units)
        if (messages.length > 0) await this.#options.handle(messages, queueId)
        progress.setOffset(queueId, offset + ready.units.length)
      }
      if (ready.next !== undefined) {
        this.#waitFor(ready.next)
        return
      }
    }
  }

  /** Those whose time has come, and the next one, which has to wait. */
  #ready(units: QueueUnit[]): { units: QueueUnit[]; next: QueueUnit | undefined } {
    const nowMs = this.#options.clock.now()
    const waiting = units.findIndex((unit) => this.#waitMs(unit, nowMs) > 0)
    return waiting < 0 ? { units, next: undefined } : { units: units.slice(0, waiting), next: units[waiting] }
  }

  #waitMs(unit: QueueUnit, nowMs: number): number {
    return this.#options.waitMs?.(this.#queueId, unit, nowMs) ?? 0
  }

  #waitFor(unit: QueueUnit): void {
    const { clock } = this.#options
    const waitMs = this.#waitMs(unit, clock.now())
    if (waitMs <= 0) this.wake()
    else if (!this.#isClosed) {
      this.#cancelTimer = clock.after(Math.min(waitMs, clockCheckMs), () => this.#waitFor(unit))
    }
  }

  /** A damaged message would hold up for ever all that stand behind it. */
  async #read(units: readonly QueueUnit[]): Promise<DecodedMessage[]> {
    const messages: DecodedMessage[] = []
    for (const { physicalOffset, totalSize } of units) {
      const record = await this.#options.store.recordAt(physicalOffset, totalSize)
      const message = record === undefined ? undefined : decoded(record)
      if (message !== undefined) messages.push(message)
      else {
        const { log, topic } = this.#options
        const fields = { topic, queueId: this.#queueId, physicalOffset }
        log.warn(fields, 'a message that the broker reads itself is missing or damaged: it is passed by')
      }
    }
    return messages
  }

  #clampProgress(): void {
    const { store, topic, progress, log } = this.#options
    const queueId = this.#queueId
    const offset = progress.offset(queueId)
    const maxOffset = store.maxOffset(topic, queueId)
    if (offset <= maxOffset) return
    progress.setOffset(queueId, maxOffset)
    log.warn(
      { topic, queueId, offset, maxOffset },
      'the progress in a queue points past its end, as after messages were lost: it goes on at the end',
    )
  }

  /** A store that takes nothing fails each attempt: the first is said, and the next after a success. */
  #failed(error: unknown): void {
    const { log, topic } = this.#options
    if (!this.#isFailing) {
      log.error(
        { err: error, topic, queueId: this.#queueId },
        'messages that the broker reads itself could not be handled: it goes on trying',
      )
    }
    this.#isFailing = true
  }

  #wakeIn(delayMs: number): void {
    if (!this.#isClosed) this.#cancelTimer = this.#options.clock.after(delayMs, () => this.wake())
  }
}

function decoded(record: Buffer): DecodedMessage | undefined {
  try {
    return decodeMessages(record)[0]
  } catch (error) {
    if (error instanceof MessageDecodeError) return undefined
    throw error
  }
}
