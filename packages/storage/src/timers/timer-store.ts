import type { FileSystem, Log } from '@rocketmq-ts/platform'
import { type DataVersion, nextDataVersion } from '@rocketmq-ts/protocol'
import { StoreFiles } from '../store-files.ts'
import { SlotUnits } from './slot-units.ts'
import { type OwnTimerCheckpoint, TimerCheckpoint, type TimerProgress } from './timer-checkpoint.ts'
import { TimerLog } from './timer-log.ts'
import type { TimerUnit } from './timer-unit.ts'
import { TimerWheel } from './timer-wheel.ts'

export interface TimerStoreOptions {
  fileSystem: FileSystem
  log: Log
  /** Of the store. */
  rootPath: string
  precisionMs: number
  /** Bytes of a file of the timer log. */
  logSegmentBytes: number
  nowMs: number
  /** Slots of the wheel, for tests. */
  slotCount?: number
}

/** A message that waits. */
export interface WaitingMessage {
  physicalOffset: number
  totalSize: number
  /** Java's hash of the topic that it is for. */
  topicHash: number
  /** It takes back another one that is due at the same time. */
  isDelete: boolean
}

/** Up to where everything of the timer's files was written at one moment. */
export interface TimerMark {
  readonly own: OwnTimerCheckpoint
}

const openFilesMax = 64
const checkName = 'config/timercheck'

/**
 * What waits for its time, in the files of RocketMQ: a wheel with a slot for each time, and a log whose units are chained
 * by slot. Slots are read in the order of time; those before `readMs` are done.
 *
 * The log of units is the truth, and the wheel is made of it again unless it was closed in order: so nothing of it has to
 * survive a crash. What of the log counts is said by the checkpoint, which goes on only with what is written, and, for a
 * failure of the power, with what is synced. Units behind that are cut off, and their messages are read again from the
 * timer's topic.
 */
export class TimerStore {
  readonly precisionMs: number
  readonly #log: Log
  readonly #files: StoreFiles
  readonly #units: TimerLog
  readonly #wheel: TimerWheel
  readonly #checkpoint: TimerCheckpoint
  #progress: TimerProgress
  #dataVersion: DataVersion
  #isChanged = false
  /** An official broker had the files last: `queueOffset` may lie before what has units already. */
  readonly #wasOfficial: boolean
  #pendingByTopic: Map<number, number> | undefined

  /** @throws SegmentSizeError; the file system's errors */
  constructor(options: TimerStoreOptions) {
    const { fileSystem, log, rootPath, precisionMs, logSegmentBytes, nowMs, slotCount } = options
    this.precisionMs = precisionMs
    this.#log = log
    this.#files = new StoreFiles(fileSystem, openFilesMax)
    for (const folder of [`${rootPath}/timerlog`, `${rootPath}/config`]) {
      this.#files.makeFolder(folder)
      this.#files.noteNames(folder)
    }
    const isWheelThere = fileSystem.status(`${rootPath}/timerwheel`) !== undefined
    this.#checkpoint = new TimerCheckpoint(fileSystem, `${rootPath}/${checkName}`)
    this.#units = new TimerLog(this.#files, `${rootPath}/timerlog`, logSegmentBytes)
    this.#wheel = new TimerWheel(this.#files, `${rootPath}/timerwheel`, precisionMs, slotCount)
    this.#dataVersion = this.#checkpoint.dataVersion
    const { own, shared } = this.#checkpoint
    this.#wasOfficial = own === undefined && shared !== undefined
    this.#progress = own?.progress ?? this.#progressOfOfficial(shared, nowMs)
    this.#units.continueAt(this.#progress.logEnd)
    const isWhole = this.#units.end === this.#progress.logEnd
    this.#progress.logEnd = this.#units.end
    // From now on the wheel may be ahead of what the disk knows of the timer log.
    this.#noteWritten()
    this.#files.noteNames(rootPath)
    this.#files.syncAllNames()
    this.#checkpoint.syncNow()
    const isMade = own?.isClosed !== true || !isWhole || !isWheelThere
    const fitsSlots = isMade ? this.#makeWheel() : true
    // Were the power to fail now, messages that are sent until then would not be known to be later than this.
    if (own === undefined && !this.#wasOfficial) this.#checkpoint.writeSyncedNow(this.#own(false), this.#dataVersion)
    const madeWith = own?.precisionMs ?? precisionMs
    if (madeWith !== precisionMs || !fitsSlots || this.isAheadOf(nowMs)) this.#moveUnits(nowMs, madeWith)
  }

  /** The queue offset of the next message of the timer's topic to be added. */
  get queueOffset(): number {
    return this.#progress.queueOffset
  }

  set queueOffset(offset: number) {
    this.#progress.queueOffset = offset
    this.#isChanged = true
  }

  /** Milliseconds since 1970: slots before it are done. */
  get readMs(): number {
    return this.#progress.readMs
  }

  /** Of the slot at `readMs`, so many units were delivered. */
  get deliveredInSlot(): number {
    return this.#progress.deliveredInSlot
  }

  get dataVersion(): DataVersion {
    return this.#dataVersion
  }

  /** What request 60 asks for. */
  get checkpointBytes(): Buffer {
    return this.#checkpoint.sharedPart
  }

  /** By the hash of their topics, how many messages wait; undefined when it did not have to be counted. */
  get pendingByTopic(): ReadonlyMap<number, number> | undefined {
    return this.#pendingByTopic
  }

  /** The message of the last unit when an official broker had the files last, for `queueOffset`. */
  get lastOfOfficial(): { physicalOffset: number; totalSize: number } | undefined {
    if (!this.#wasOfficial) return undefined
    let last: TimerUnit | undefined
    this.#scan((unit) => {
      last = unit
    })
    return last
  }

  /** Messages that are due at a time, less those that take one back. */
  countAt(timeMs: number): number {
    return this.#wheel.slot(this.#slotOf(timeMs))?.count ?? 0
  }

  /** The same of all times from one on and before another one. */
  countBetween(fromMs: number, untilMs: number): number {
    return this.#wheel.countBetween(this.#slotOf(Math.max(fromMs, this.readMs)), this.#slotOf(untilMs))
  }

  /**
   * Adds a message, in the slot of its time or, when that is done already, in the first one that is not.
   * @param outMs its time
   * @param windowMs a later one goes around once more: it comes to be put into the timer's topic again
   * @returns false when the wheel has no free slot for it yet, since slots are not read that should be
   */
  add(message: WaitingMessage, outMs: number, nowMs: number, windowMs: number): boolean {
    const writtenMs = this.#slotOf(nowMs)
    const asked = Math.max(this.#slotOf(outMs), this.readMs)
    const aheadMs = asked - writtenMs
    const isRoll = aheadMs >= windowMs
    const slotMs = isRoll ? writtenMs + this.#slotOf(rollMs(aheadMs, windowMs)) : asked
    if (slotMs - this.readMs >= this.#wheel.spanMs) return false
    this.#append({ ...message, previous: -1, slotMs, writtenMs, isRoll })
    return true
  }

  /** Whether there is a slot that is not done. */
  get isWaiting(): boolean {
    return this.readMs <= this.#progress.lastSlotMs
  }

  /** The first slot that is not done and lies before a time; undefined when there is none. */
  nextSlot(beforeMs: number): number | undefined {
    return this.isWaiting ? this.#wheel.nextUsed(this.readMs, beforeMs) : undefined
  }

  /** The units of a slot. */
  async unitsOf(slotMs: number): Promise<SlotUnits> {
    const units = new SlotUnits(slotMs)
    await this.addNewUnits(units)
    return units
  }

  /** Whether units came since. */
  hasNewUnits({ slotMs, lastPosition }: SlotUnits): boolean {
    return this.#lastOf(slotMs) > lastPosition
  }

  /** Adds those that came since. */
  async addNewUnits(units: SlotUnits): Promise<void> {
    const { slotMs, lastPosition } = units
    const last = this.#lastOf(slotMs)
    const found: TimerUnit[] = []
    for (let position = last; position > lastPosition; ) {
      const unit = this.#units.unitInMemory(position) ?? (await this.#loaded(position))
      if (unit === undefined || unit.slotMs !== slotMs) {
        const fields = { slotMs, position }
        this.#log.error(fields, 'the timer log is damaged: messages that were sent before for the same time are lost')
        break
      }
      found.push(unit)
      position = unit.previous < this.#units.start ? -1 : unit.previous
    }
    units.add(found, Math.max(last, lastPosition))
  }

  /** Units of the slot at `slotMs` were delivered, the first ones of it, and all of the slots before. */
  noteDelivered(slotMs: number, count: number): void {
    this.#progress.readMs = slotMs
    this.#progress.deliveredInSlot = count
    this.#isChanged = true
    this.noteStep()
  }

  /** All slots before a time are done. */
  passTo(timeMs: number): void {
    if (timeMs <= this.readMs) return
    this.#progress.readMs = this.#slotOf(timeMs)
    this.#progress.deliveredInSlot = 0
  }

  /** Whether the clock was set back so far that what waits has to be put to where it is now. */
  isAheadOf(nowMs: number): boolean {
    return this.readMs > this.#slotOf(nowMs) + clockStepMsMax
  }

  /** Puts what waits to where the clock is now, when it was set back far. Not while a slot is being read. */
  followClock(nowMs: number): void {
    if (this.isAheadOf(nowMs)) this.#moveUnits(nowMs, this.precisionMs)
  }

  /** Writes what was added, and how far that is: it outlives the process. */
  noteStep(): void {
    this.#units.write()
    this.#progress.logEnd = this.#units.end
    this.#noteWritten()
  }

  /**
   * Writes the wheel, and marks how far everything is written.
   * @returns undefined when nothing changed since the last mark
   */
  mark(): TimerMark | undefined {
    if (!this.#isChanged) return undefined
    this.#isChanged = false
    this.noteStep()
    this.#wheel.write()
    return { own: this.#own(false) }
  }

  /** Makes what is marked survive a failure of the power. All of the log that it follows from has to be synced before. */
  async sync(mark: TimerMark, nowMs: number): Promise<void> {
    await this.#units.sync()
    await this.#wheel.sync()
    await this.#files.syncAllNamesLater()
    this.#dataVersion = nextDataVersion(this.#dataVersion, nowMs, this.#dataVersion.stateVersion)
    await this.#checkpoint.writeSynced(mark.own, this.#dataVersion)
  }

  /** Deletes files of the timer log whose messages are no longer in the log. */
  trim(logStart: number): void {
    this.#units.trim(({ physicalOffset }) => physicalOffset < logStart)
  }

  /** Writes and syncs everything, and closes. All of the log has to be synced. */
  finish(nowMs: number): void {
    this.noteStep()
    this.#wheel.write()
    this.#units.syncNow()
    this.#wheel.syncNow()
    this.#files.syncAllNames()
    if (this.#isChanged) this.#dataVersion = nextDataVersion(this.#dataVersion, nowMs, this.#dataVersion.stateVersion)
    this.#checkpoint.writeSyncedNow(this.#own(true), this.#dataVersion)
    this.#checkpoint.write(this.#own(true))
    this.#checkpoint.syncNow()
    this.close()
  }

  /** Closes the files as they are. */
  close(): void {
    this.#checkpoint.close()
    this.#files.close()
  }

  async #loaded(position: number): Promise<TimerUnit | undefined> {
    await this.#units.load(position)
    return this.#units.unitInMemory(position)
  }

  #lastOf(slotMs: number): number {
    return this.#wheel.slot(slotMs)?.lastPosition ?? -1
  }

  #own(isClosed: boolean): OwnTimerCheckpoint {
    return { progress: { ...this.#progress }, precisionMs: this.precisionMs, isClosed }
  }

  #noteWritten(): void {
    this.#checkpoint.write(this.#own(false))
  }

  #slotOf(timeMs: number): number {
    return timeMs - (timeMs % this.precisionMs)
  }

  #append(unit: TimerUnit): void {
    const slot = this.#wheel.slot(unit.slotMs)
    this.#progress.lastSlotMs = Math.max(this.#progress.lastSlotMs, unit.slotMs)
    const position = this.#units.append({ ...unit, previous: slot?.lastPosition ?? -1 })
    this.#wheel.set(unit.slotMs, {
      firstPosition: slot?.firstPosition ?? position,
      lastPosition: position,
      count: (slot?.count ?? 0) + (unit.isDelete ? -1 : 1),
    })
    this.#isChanged = true
  }

  #progressOfOfficial(shared: TimerCheckpoint['shared'], nowMs: number): TimerProgress {
    const start = this.#units.start
    const none = { deliveredInSlot: 0, logStart: start, lastSlotMs: 0 }
    if (shared === undefined) {
      return { ...none, readMs: this.#slotOf(nowMs), logEnd: start, queueOffset: 0 }
    }
    const { readMs, logEnd, queueOffset } = shared
    // It may have written units behind what it noted.
    const end = this.#units.scan(Math.max(start, logEnd), () => true)
    return { ...none, readMs: this.#slotOf(readMs > 0 ? readMs : nowMs), logEnd: end, queueOffset }
  }

  /** Visits the units that are not done, in the order in which they were added. */
  #scan(visit: (unit: TimerUnit, position: number) => void): void {
    const { readMs, deliveredInSlot, logStart } = this.#progress
    let toPassBy = deliveredInSlot
    this.#units.scan(this.#scanStart(logStart), (unit, position) => {
      if (position < logStart || unit.slotMs < readMs || this.#isTooFar(unit)) return true
      if (unit.slotMs === readMs && toPassBy > 0) {
        toPassBy--
        return true
      }
      visit(unit, position)
      return true
    })
  }

  /** The first file that can have units which are not done. */
  #scanStart(logStart: number): number {
    const starts = this.#units.fileStarts
    let from = starts[0] ?? 0
    for (const next of starts.slice(1)) {
      const unit = this.#units.firstUnit(next)
      if (unit === undefined || unit.writtenMs + this.#wheel.spanMs >= this.readMs) break
      from = next
    }
    return starts.some((start) => start <= logStart) ? Math.max(from, startOfFile(starts, logStart)) : from
  }

  /** What no broker would have added: its slot stands for another time. */
  #isTooFar({ slotMs }: TimerUnit): boolean {
    return slotMs - this.readMs >= this.#wheel.spanMs
  }

  /**
   * Makes the wheel of the units that are not done; their chains are as they were.
   * @returns false when there are units that have no slot of this precision
   */
  #makeWheel(): boolean {
    this.#wheel.clear()
    let fitsSlots = true
    const counts = new Map<number, number>()
    const { readMs, deliveredInSlot, logStart } = this.#progress
    let delivered = 0
    this.#units.scan(this.#scanStart(logStart), (unit, position) => {
      const { slotMs, topicHash, isDelete } = unit
      if (position < logStart || slotMs < readMs) return true
      if (this.#isTooFar(unit)) {
        this.#log.error({ slotMs, position }, 'the timer log is damaged: a message whose time it does not tell is lost')
        return true
      }
      if (slotMs % this.precisionMs !== 0) {
        fitsSlots = false
        return true
      }
      this.#progress.lastSlotMs = Math.max(this.#progress.lastSlotMs, slotMs)
      const slot = this.#wheel.slot(slotMs)
      const change = isDelete ? -1 : 1
      this.#wheel.set(slotMs, {
        firstPosition: slot?.firstPosition ?? position,
        lastPosition: position,
        count: (slot?.count ?? 0) + change,
      })
      const isDelivered = slotMs === readMs && delivered++ < deliveredInSlot
      if (!isDelivered) counts.set(topicHash, (counts.get(topicHash) ?? 0) + change)
      return true
    })
    this.#pendingByTopic = counts
    this.#isChanged = true
    return fitsSlots
  }

  /**
   * Adds all units that are not done once more, in slots of this precision and not before the time that it is now: what
   * stood in front of them counts no more.
   * @param madeWithMs the precision with which they were added
   */
  #moveUnits(nowMs: number, madeWithMs: number): void {
    const units: TimerUnit[] = []
    this.#scan((unit) => units.push(unit))
    const readMs = this.#slotOf(Math.min(nowMs, this.readMs))
    this.#log.warn(
      { units: units.length, readMs: this.readMs, nowMs, precisionMs: this.precisionMs, madeWithMs },
      'the clock was set back, or timerPrecisionMs was changed: what waits for its time is sorted anew',
    )
    this.#wheel.clear()
    const logStart = this.#units.end
    for (const unit of units) {
      // A slot is due when its time has passed by the precision: not before what it was with the other one.
      const dueMs = unit.slotMs + madeWithMs
      const slotMs = Math.max(Math.ceil(dueMs / this.precisionMs) * this.precisionMs - this.precisionMs, readMs)
      this.#append({ ...unit, slotMs, writtenMs: this.#slotOf(nowMs) })
    }
    this.#progress = { ...this.#progress, readMs, deliveredInSlot: 0, logStart }
    this.#isChanged = true
    this.noteStep()
  }
}

/** A clock that was set back by no more is waited for: until it is where it was, nothing more becomes due. */
const clockStepMsMax = 10_000

/** How far ahead a message goes that is due later than the window: so that the last step is not a small one. */
function rollMs(aheadMs: number, windowMs: number): number {
  return aheadMs - windowMs < windowMs / 3 ? windowMs / 2 : windowMs
}

function startOfFile(starts: readonly number[], position: number): number {
  return starts.findLast((start) => start <= position) ?? 0
}
