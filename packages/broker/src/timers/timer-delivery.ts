import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { ProtocolError, timerTopic } from '@rocketmq-ts/protocol'
import type { DueUnit, PutPlace, RecordPlace, SlotUnits, StoreMessage, TimerStore } from '@rocketmq-ts/storage'
import type { Intake, MessageSink } from '../intake/intake.ts'
import { type StoreDueParts, storeDue } from '../intake/store-due.ts'
import {
  dueMessage,
  isOfTimer,
  isTakenBack,
  realTopicOf,
  rolledMessage,
  type TimedRecord,
  type TimerTimes,
  timedRecord,
} from './timer-message.ts'
import { MetricChanges, type TimerMetrics } from './timer-metrics.ts'

export interface TimerDeliveryParts {
  clock: Clock
  log: Log
  timers: TimerStore
  metrics: TimerMetrics
  store: { recordsAt(places: readonly RecordPlace[]): Promise<(Buffer | undefined)[]> }
  sink: MessageSink
  intake: Intake
  storeHost: Buffer
  /** Nothing is delivered. */
  isStopped(): boolean
  onDelivered(message: StoreMessage, place: PutPlace): void
  /** So many messages came from the wheel. */
  delivered(count: number): void
}

const messagesAtOnce = 256
const messagesAtOnceLeast = 16
/** In one turn of the loop so many milliseconds go into what is due, while it comes in time: requests wait for it. */
const sliceMs = 1.5
/** How much of the time that a message took lately counts: the last batch has the rest. */
const costMemory = 0.75
const bytesAtOnce = 1024 * 1024
/** The wall clock may be set while nothing is due: it is looked at again so often. */
const clockCheckMs = 1000
const retryMs = 1000

/** What is read of a slot while it is delivered. */
interface Batch {
  units: DueUnit[]
  /** Of each unit; undefined for one that is missing or damaged. */
  records: (TimedRecord | undefined)[]
  /** Milliseconds that it took to decode them. */
  decodedMs: number
}

/**
 * Delivers what is due: slot after slot in the order of time, and what is in one in the order in which it was sent. A
 * message is put into its real topic and only then passed by, so that a crash delivers it once more rather than never.
 */
export class TimerDelivery {
  readonly #parts: TimerDeliveryParts
  #running: Promise<void> | undefined
  #isOpen = false
  #isClosed = false
  #isFailing = false
  #cancelTimer: CancelTimer = () => {}
  /** Units of the slot that is due next, read ahead. */
  #next: SlotUnits | undefined
  /** Milliseconds that a message took lately. */
  #costMs = 0

  constructor(parts: TimerDeliveryParts) {
    this.#parts = parts
  }

  /** Everything that was sent before waits in the wheel: from now on what is due is delivered. */
  open(): void {
    this.#isOpen = true
    this.start()
  }

  /** Looks now for what is due, and from then on by itself, once it is open. */
  start(): void {
    if (this.#isClosed || !this.#isOpen || this.#running !== undefined) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      this.#waitForNext()
    })
  }

  /** The clock was set back: what waits has to follow it. */
  followClock(): void {
    if (this.#isOpen) this.start()
    else this.#parts.timers.followClock(this.#parts.clock.now())
  }

  /** Messages came that wait: one of them may be due before all others. */
  added(): void {
    if (this.#running === undefined) this.#waitForNext()
  }

  /**
   * Before messages are added: slots in which nothing waits are done when their time is over.
   * @param sentMs when the first of these messages was stored: none of them is due before
   */
  passEmptySlots(sentMs: number): void {
    const { clock, timers } = this.#parts
    const dueBefore = this.#dueBefore(clock.now())
    const untilMs = this.#isOpen ? dueBefore : Math.min(dueBefore, this.#dueBefore(sentMs - timers.precisionMs))
    if (timers.nextSlot(untilMs) === undefined) timers.passTo(untilMs)
  }

  /** Resolves when nothing is being delivered any more. */
  async drain(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer()
    await this.#running
  }

  /** Delivers messages whose slot is done already. @throws Error when they could not be stored now */
  async deliverNow(records: readonly TimedRecord[]): Promise<void> {
    const nowMs = this.#parts.clock.now()
    await this.#store(records.flatMap((record) => this.#due(record, { enqueuedMs: nowMs, nowMs }) ?? []))
  }

  async #run(): Promise<void> {
    try {
      await this.#deliverDue()
      this.#isFailing = false
    } catch (error) {
      this.#failed(error)
    }
  }

  /** A slot is due once all of it has passed. */
  #dueBefore(nowMs: number): number {
    return nowMs - (nowMs % this.#parts.timers.precisionMs)
  }

  async #deliverDue(): Promise<void> {
    const { clock, timers } = this.#parts
    for (;;) {
      if (this.#isClosed) return
      const nowMs = clock.now()
      timers.followClock(nowMs)
      if (this.#parts.isStopped()) return
      const dueBefore = this.#dueBefore(nowMs)
      const slotMs = timers.nextSlot(dueBefore)
      if (slotMs === undefined) {
        timers.passTo(dueBefore)
        await this.#readAhead()
        if (this.#dueBefore(clock.now()) === dueBefore) return
      } else if (!(await this.#deliverSlot(slotMs))) return
    }
  }

  /** Finds the units of the slot that is due next, so that at its time only those have to be found that came since. */
  async #readAhead(): Promise<void> {
    const { timers } = this.#parts
    const slotMs = this.#nextSlot()
    if (slotMs === undefined || this.#next?.slotMs === slotMs) return
    this.#next = await timers.unitsOf(slotMs)
  }

  /** The units of a slot, which may have been read ahead. */
  async #unitsOf(slotMs: number): Promise<SlotUnits> {
    const { timers } = this.#parts
    const ahead = this.#next
    this.#next = undefined
    if (ahead?.slotMs !== slotMs || timers.isOutdated(ahead)) return timers.unitsOf(slotMs)
    await timers.addNewUnits(ahead)
    return ahead
  }

  /** The slot that is due next, when that is soon. */
  #nextSlot(): number | undefined {
    const { clock, timers } = this.#parts
    return timers.nextSlot(clock.now() + clockCheckMs)
  }

  /** @returns false when it was interrupted; after the log was cut back, the slot is to be looked at again */
  async #deliverSlot(slotMs: number): Promise<boolean> {
    const { timers } = this.#parts
    // What comes from now on is put into no slot before this one.
    timers.passTo(slotMs)
    const units = await this.#unitsOf(slotMs)
    const deleteKeys = await this.#deleteKeys(units)
    let count = timers.deliveredInSlot
    for (;;) {
      if (timers.isOutdated(units)) return true
      while (count < units.count) {
        if (this.#isClosed || this.#parts.isStopped()) return false
        const countMax = Math.min(units.count - count, this.#countAtOnce(slotMs))
        const batch = await this.#read(slotMs, countMax, (index) => units.at(count + index))
        if (timers.isOutdated(units)) return true
        await this.#deliver(batch, deleteKeys)
        if (timers.isOutdated(units)) return true
        count += batch.units.length
        timers.noteDelivered(slotMs, count)
      }
      if (!timers.hasNewUnits(units)) break
      await timers.addNewUnits(units)
    }
    timers.passTo(slotMs + timers.precisionMs)
    timers.noteStep()
    return true
  }

  async #deleteKeys(slot: SlotUnits): Promise<ReadonlySet<string>> {
    const keys = new Set<string>()
    const { deletes, slotMs } = slot
    for (let from = 0; from < deletes.length; ) {
      const start = from
      const { units, records } = await this.#read(slotMs, deletes.length - start, (index) =>
        slot.at(deletes[start + index]!),
      )
      from += units.length
      for (const record of records) {
        const key = record?.properties.value('timerDeleteUniqueKey')
        if (key !== undefined) keys.add(key)
      }
    }
    return keys
  }

  /** Reads the messages of the first units of those that are left: as many as are delivered with one step. */
  async #read(slotMs: number, left: number, unitAt: (index: number) => DueUnit): Promise<Batch> {
    const { clock, store, log } = this.#parts
    const units: DueUnit[] = []
    let bytes = 0
    while (units.length < Math.min(left, messagesAtOnce) && bytes < bytesAtOnce) {
      const unit = unitAt(units.length)
      units.push(unit)
      bytes += unit.totalSize
    }
    const found = await store.recordsAt(units)
    const startMs = clock.monotonic()
    const records = found.map((bytes, index) => {
      const record = timedRecord(bytes, true)
      if (record !== undefined && isOfTimer(record)) return record
      const { physicalOffset } = units[index]!
      log.warn({ physicalOffset, slotMs }, 'a message that is due is missing or damaged: it is passed by')
      return undefined
    })
    return { units, records, decodedMs: clock.monotonic() - startMs }
  }

  async #deliver({ units, records, decodedMs }: Batch, deleteKeys: ReadonlySet<string>): Promise<void> {
    const { clock, storeHost } = this.#parts
    const nowMs = clock.now()
    const startMs = clock.monotonic()
    const due: StoreMessage[] = []
    for (const [index, record] of records.entries()) {
      if (record === undefined) continue
      const { isRoll, isDelete, writtenMs } = units[index]!
      const times = { enqueuedMs: writtenMs, nowMs }
      if (isRoll) due.push(rolledMessage(record, storeHost, times))
      else if (!isDelete && !isTakenBack(deleteKeys, record)) {
        const one = this.#due(record, times)
        if (one !== undefined) due.push(one)
      }
    }
    const storing = this.#store(due)
    this.#noteCost(decodedMs + clock.monotonic() - startMs, units.length)
    await storing
    this.#count(units, records, deleteKeys)
    this.#parts.delivered(due.length)
  }

  /** How many are delivered with one step: as many as can be once they are late. */
  #countAtOnce(slotMs: number): number {
    const { clock, timers } = this.#parts
    const isLate = this.#dueBefore(clock.now()) > slotMs + timers.precisionMs
    if (isLate || this.#costMs === 0) return messagesAtOnce
    return Math.max(messagesAtOnceLeast, Math.min(messagesAtOnce, Math.floor(sliceMs / this.#costMs)))
  }

  #noteCost(ms: number, count: number): void {
    const costMs = ms / count
    this.#costMs = this.#costMs === 0 ? costMs : costMemory * this.#costMs + (1 - costMemory) * costMs
  }

  /** One that takes another one back was counted against it when it came. */
  #count(units: readonly DueUnit[], records: Batch['records'], keys: ReadonlySet<string>): void {
    const { metrics } = this.#parts
    const changes = new MetricChanges(metrics)
    for (const [index, record] of records.entries()) {
      const topic = record && realTopicOf(record)
      if (topic === undefined) continue
      const { isDelete, isRoll } = units[index]!
      if (isDelete) {
        if (isRoll) changes.add(topic, 1)
      } else if (!isTakenBack(keys, record!)) changes.add(topic, -1)
    }
    changes.end()
  }

  /** Undefined for one that can never be stored, which would hold up for ever all that stand behind it. */
  #due(record: TimedRecord, times: TimerTimes): StoreMessage | undefined {
    const { intake, log, storeHost } = this.#parts
    const { physicalOffset } = record.layout
    const due = dueMessage(record, storeHost, times)
    if (due === undefined) {
      log.warn({ physicalOffset }, 'a timed message names no topic and queue that it belongs to: it is passed by')
      return undefined
    }
    try {
      return intake.take(due)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      log.warn({ physicalOffset, err: error }, 'a timed message cannot be stored: it is passed by')
      return undefined
    }
  }

  /** @throws Error when they could not be stored now */
  async #store(messages: readonly StoreMessage[]): Promise<void> {
    const { sink, log, onDelivered } = this.#parts
    const parts: StoreDueParts = {
      sink,
      onStored(message, place) {
        if (message.topic !== timerTopic) onDelivered(message, place)
      },
      onRefused: ({ topic, queueId }) =>
        log.warn({ topic, queueId }, 'a timed message cannot be stored as it is: it is passed by'),
    }
    await Promise.all(runsOfOneTopic(messages).map((run) => storeDue(run, parts)))
  }

  #waitForNext(): void {
    this.#cancelTimer()
    const { clock, timers } = this.#parts
    if (this.#isClosed || !this.#isOpen || (!timers.isWaiting && !this.#isFailing)) return
    this.#cancelTimer = clock.after(this.#waitMs(), () => this.start())
  }

  /** Milliseconds until there may be something to deliver. */
  #waitMs(): number {
    const { clock, timers, isStopped } = this.#parts
    if (this.#isFailing || isStopped()) return retryMs
    try {
      const slotMs = this.#nextSlot()
      const waitMs = slotMs === undefined ? clockCheckMs : slotMs + timers.precisionMs - clock.now()
      return Math.min(Math.max(waitMs, 0), clockCheckMs)
    } catch (error) {
      // Looking reads a page of the wheel, and may write another one for which there is no room in memory.
      this.#failed(error)
      return retryMs
    }
  }

  /** A store that takes nothing fails each attempt: the first is said, and the next after a success. */
  #failed(error: unknown): void {
    if (!this.#isFailing) {
      this.#parts.log.error({ err: error }, 'messages that are due could not be delivered: it goes on trying')
    }
    this.#isFailing = true
  }
}

/** Messages that follow each other and are for the same topic. */
function runsOfOneTopic(messages: readonly StoreMessage[]): StoreMessage[][] {
  const runs: StoreMessage[][] = []
  for (const message of messages) {
    const last = runs.at(-1)
    if (last !== undefined && last[0]!.topic === message.topic) last.push(message)
    else runs.push([message])
  }
  return runs
}
