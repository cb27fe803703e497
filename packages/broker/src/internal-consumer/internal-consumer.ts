import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import type { QueueUnit, RecordPlace } from '@rocketmq-ts/storage'
import type { LoopShare } from '../loop-share.ts'
import { ArrivalTimes } from './arrival-times.ts'

/** What is read of a store. */
export interface InternalStore {
  units(topic: string, queueId: number, fromOffset: number, countMax: number): Promise<QueueUnit[]>
  recordsAt(places: readonly RecordPlace[]): Promise<(Buffer | undefined)[]>
  minOffset(topic: string, queueId: number): number
  maxOffset(topic: string, queueId: number): number
  /** Told when the ends of queues were cut off, before messages come in their place. */
  onCutBack(listener: () => void): void
}

/** @typeParam Message as much of a message as is wanted */
export interface InternalConsumerOptions<Message> {
  clock: Clock
  log: Log
  store: InternalStore
  topic: string
  /** Its queues are read each for itself. */
  queueCount: number
  /** The queue offset of the next message, kept by its owner: a `KeptState` with `isProgress`, or an offset of a group. */
  progress: {
    offset(queueId: number): number
    setOffset(queueId: number, offset: number): void
    /**
     * Sets one that is lower, since messages were lost. It lasts when this returns: the one before would pass by messages
     * that come where lost ones were.
     * @throws Error when it cannot be kept
     */
    goBack(queueId: number, offset: number): void
  }
  /** Milliseconds until a message may be handled, 0 or less for now; those behind it wait for it. Left out: now. */
  waitMs?(queueId: number, unit: QueueUnit, nowMs: number): number
  /**
   * Milliseconds that a message of a queue waits at the most, from when it arrived, or from the start when it was there
   * before. So it comes in time although the clock was set back. Left out: as long as `waitMs` says.
   */
  waitMsMax?(queueId: number): number
  /** Reads a record; undefined for one that is missing or damaged. */
  decode(record: Buffer | undefined): Message | undefined
  /**
   * Handles messages of a queue, in their order. They are passed by when it resolves; when it rejects, they come again
   * after a second, so that none is lost, and one may come twice.
   */
  handle(messages: readonly Message[], queueId: number): Promise<void>
  /** Where very many messages may come at once: so few are read together, and decoded in this share of the loop's turns. */
  slices?: { messagesAtOnce: number; share: LoopShare }
}

/** How far a queue is read. */
export interface QueueProgress {
  nextOffset: number
  maxOffset: number
}

const unitsAtOnce = 256
const bytesAtOnce = 1024 * 1024
const retryMs = 1000
/** The wall clock may be set while a message waits: it is looked at again so often. */
const clockCheckMs = 1000

/**
 * A topic that the broker itself reads. Each queue is read in order from where its progress points to: at the start, when
 * messages arrive, and when the time of the next one has come. A damaged message is passed by and said. A progress that
 * points past the end of its queue, because messages were lost, goes back to the end.
 */
export class InternalConsumer<Message> {
  readonly #options: InternalConsumerOptions<Message>
  readonly #queues: InternalQueue<Message>[]

  /** Progress is checked here, before new messages can arrive where lost ones were. */
  constructor(options: InternalConsumerOptions<Message>) {
    this.#options = options
    this.#queues = Array.from({ length: options.queueCount }, (_, queueId) => new InternalQueue(queueId, options))
    options.store.onCutBack(() => {
      for (const queue of this.#queues) queue.cutBack()
    })
  }

  start(): void {
    for (const queue of this.#queues) queue.arrived()
  }

  /** Messages arrived in a queue of some topic. */
  arrived(topic: string, queueId: number): void {
    if (topic === this.#options.topic) this.#queues[queueId]?.arrived()
  }

  /** Resolves when nothing is being handled any more. */
  async drain(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.drain()))
  }

  progress(): QueueProgress[] {
    return this.#queues.map((queue) => queue.progress())
  }
}

class InternalQueue<Message> {
  readonly #queueId: number
  readonly #options: InternalConsumerOptions<Message>
  #running: Promise<void> | undefined
  #isAwaited = false
  #isClosed = false
  #isFailing = false
  #cancelTimer: CancelTimer = () => {}
  /** How often the queue may have become shorter. */
  #cutCount = 0
  /** Undefined when no message waits longer than its time by the clock. */
  readonly #arrivals: ArrivalTimes | undefined
  readonly #unitsAtOnce: number

  constructor(queueId: number, options: InternalConsumerOptions<Message>) {
    this.#queueId = queueId
    this.#options = options
    this.#unitsAtOnce = options.slices?.messagesAtOnce ?? unitsAtOnce
    const waitMsMax = options.waitMsMax?.(queueId)
    this.#arrivals = waitMsMax === undefined ? undefined : new ArrivalTimes(waitMsMax)
    this.#clampProgress()
    this.#noteArrivals()
  }

  arrived(): void {
    this.#noteArrivals()
    this.wake()
  }

  cutBack(): void {
    this.#cutCount++
    this.#clampProgress()
    this.#noteArrivals()
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
      const cutCount = this.#cutCount
      const offset = Math.max(progress.offset(queueId), store.minOffset(topic, queueId))
      const units = withinBytes(await store.units(topic, queueId, offset, this.#unitsAtOnce))
      if (units.length === 0 || this.#isClosed) return
      this.#arrivals?.forget(offset)
      const ready = this.#ready(units, offset)
      if (ready.units.length > 0) {
        const messages = await this.#read(ready.units)
        if (this.#cutCount !== cutCount) continue
        if (messages.length > 0) await this.#options.handle(messages, queueId)
        // What was handled may be gone, and other messages stand there.
        if (this.#cutCount !== cutCount) continue
        progress.setOffset(queueId, offset + ready.units.length)
      }
      if (ready.next !== undefined) {
        this.#waitFor(ready.next, offset + ready.units.length)
        return
      }
    }
  }

  /**
   * Those whose time has come, and the next one, which has to wait.
   * @param offset of the first
   */
  #ready(units: QueueUnit[], offset: number): { units: QueueUnit[]; next: QueueUnit | undefined } {
    const nowMs = this.#options.clock.now()
    const waiting = units.findIndex((unit, index) => this.#waitMs(unit, offset + index, nowMs) > 0)
    return waiting < 0 ? { units, next: undefined } : { units: units.slice(0, waiting), next: units[waiting] }
  }

  #waitMs(unit: QueueUnit, offset: number, nowMs: number): number {
    const { clock, waitMs, waitMsMax } = this.#options
    const byClockMs = waitMs?.(this.#queueId, unit, nowMs) ?? 0
    if (byClockMs <= 0 || this.#arrivals === undefined) return byClockMs
    const monotonicMs = clock.monotonic()
    const sinceArrivalMs = monotonicMs - this.#arrivals.at(offset, monotonicMs)
    return Math.min(byClockMs, waitMsMax!(this.#queueId) - sinceArrivalMs)
  }

  #waitFor(unit: QueueUnit, offset: number): void {
    const { clock } = this.#options
    const waitMs = this.#waitMs(unit, offset, clock.now())
    if (waitMs <= 0) this.wake()
    else if (!this.#isClosed) {
      this.#cancelTimer = clock.after(Math.min(waitMs, clockCheckMs), () => this.#waitFor(unit, offset))
    }
  }

  #noteArrivals(): void {
    const { clock, store, topic } = this.#options
    this.#arrivals?.note(store.maxOffset(topic, this.#queueId), clock.monotonic())
  }

  async #read(units: readonly QueueUnit[]): Promise<Message[]> {
    const { store, slices } = this.#options
    const records = await store.recordsAt(units)
    return slices === undefined ? this.#decoded(units, records) : slices.share.run(() => this.#decoded(units, records))
  }

  /** A damaged message would hold up for ever all that stand behind it. */
  #decoded(units: readonly QueueUnit[], records: readonly (Buffer | undefined)[]): Message[] {
    const messages: Message[] = []
    for (const [index, { physicalOffset }] of units.entries()) {
      const message = this.#options.decode(records[index])
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
    log.warn(
      { topic, queueId, offset, maxOffset },
      'the progress in a queue points past its end, as after messages were lost: it goes on at the end',
    )
    try {
      progress.goBack(queueId, maxOffset)
    } catch (error) {
      // In memory it is right, and its owner tries to keep it again.
      log.error({ err: error, topic, queueId }, 'that the progress in a queue went back could not be kept')
    }
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

/** The first ones, of which all records together are not too large; at least one. */
function withinBytes(units: QueueUnit[]): QueueUnit[] {
  let bytes = 0
  const end = units.findIndex(({ totalSize }, index) => {
    bytes += totalSize
    return bytes > bytesAtOnce && index > 0
  })
  return end < 0 ? units : units.slice(0, end)
}
