import type { FileSystem, Log } from '@rocketmq-ts/platform'
import { type DataVersion, nextDataVersion } from '@rocketmq-ts/protocol'
import { StoreFiles } from '../store-files.ts'
import { makeWheel, scanWaiting, startOfFile, type WheelParts } from './made-wheel.ts'
import { SlotUnits } from './slot-units.ts'
import { type OwnTimerCheckpoint, TimerCheckpoint, type TimerProgress } from './timer-checkpoint.ts'
import { TimerLog } from './timer-log.ts'
import type { TimerUnit } from './timer-unit.ts'
import { TimerWheel } from './timer-wheel.ts'

export interface TimerStoreOptions {
  fileSystem: FileSystem
  log: Log
  /** Folder of the store. */
  rootPath: string
  precisionMs: number
  /** Bytes of a file of the timer log. */
  logSegmentBytes: number
  nowMs: number
  /** Where the commit log ends: what stood behind it is gone. */
  commitLogEnd: number
  /** Milliseconds: a message that is due later is put into the timer's topic again in between. */
  windowMs(): number
  /** Told when something could not be written or synced; it is thrown as well. */
  onFailure(during: string, error: unknown): void
  /** Slots of the wheel, for tests. */
  slotCount?: number
}

/** A message that waits. */
export interface WaitingMessage {
  physicalOffset: number
  totalSize: number
  /** Java's hash of the topic that it will be delivered to. */
  topicHash: number
  /** Whether it recalls another message that is due at the same time. */
  isDelete: boolean
}

/** How far the timer's files were written at one moment. */
export interface TimerMark {
  readonly own: OwnTimerCheckpoint
}

const openFilesMax = 64
const checkName = 'config/timercheck'

/**
 * Messages that wait for their time, in RocketMQ's files: a wheel with a slot for each time, and a log whose units are
 * chained by slot. Slots are read in the order of time; those before `readMs` are done.
 *
 * The wheel is made again from the timer log unless it was closed in order, so it need not survive a crash. The
 * checkpoint tells which part of the timer log counts: the written part, or, after a power failure, the synced part.
 * Units behind it are cut off, and their messages are read again from the timer's topic.
 */
export class TimerStore {
  readonly precisionMs: number
  readonly #log: Log
  readonly #onFailure: TimerStoreOptions['onFailure']
  readonly #windowMs: TimerStoreOptions['windowMs']
  readonly #files: StoreFiles
  readonly #units: TimerLog
  readonly #wheel: TimerWheel
  readonly #checkpoint: TimerCheckpoint
  #progress: TimerProgress
  #dataVersion: DataVersion
  #isChanged = false
  /** An official broker had the files last: messages behind `queueOffset` may have units already. */
  readonly #wasOfficial: boolean
  /** No unit waits for longer, in milliseconds. */
  #followedWindowMs: number
  /** No unit was added farther ahead than this, by whichever broker had the files, in milliseconds. */
  readonly #reachMs: number
  #pendingByTopic: Map<number, number> | undefined
  #cutCount = 0
  /** What may be synced at this moment. */
  #lastMark: TimerMark | undefined

  /** @throws SegmentSizeError; the file system's errors */
  constructor(options: TimerStoreOptions) {
    const { fileSystem, log, rootPath, precisionMs, logSegmentBytes, nowMs, commitLogEnd, slotCount } = options
    this.precisionMs = precisionMs
    this.#log = log
    this.#onFailure = options.onFailure
    this.#windowMs = options.windowMs
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
    const isCut = (this.#units.lastUnit()?.physicalOffset ?? 0) >= commitLogEnd
    const logEnd = isCut ? this.#endBefore(commitLogEnd) : this.#units.end
    const isWhole = logEnd === this.#progress.logEnd
    this.#progress.logEnd = logEnd
    // From now on the wheel may be ahead of the synced timer log, so the checkpoint must no longer say "closed".
    this.#noteWritten()
    this.#files.noteNames(rootPath)
    this.#files.syncAllNames()
    this.#checkpoint.syncNow()
    this.#checkpoint.lowerSynced(this.#progress, this.#dataVersion)
    if (isCut) this.#units.continueAt(logEnd)
    const madeWith = own?.precisionMs ?? precisionMs
    this.#reachMs = Math.max(this.#wheel.spanMs, (this.#wheel.spanMs / precisionMs) * madeWith, delayMsMax)
    this.#followedWindowMs = this.#window
    const isNarrower = own?.windowMs !== undefined && own.windowMs > this.#window
    const isMade = own?.isClosed !== true || !isWhole || !isWheelThere
    const fitsSlots = isMade ? this.#makeWheel() : true
    // Otherwise, after a power failure, messages sent from now on would not be known to be newer than this start.
    if (own === undefined && !this.#wasOfficial) this.#checkpoint.writeSyncedNow(this.#own(false), this.#dataVersion)
    const isAsAdded = madeWith === precisionMs && fitsSlots && !isNarrower
    if (!isAsAdded || this.isAheadOf(nowMs)) this.#moveUnits(nowMs, madeWith)
  }

  /** The queue offset of the next message of the timer's topic to be added. */
  get queueOffset(): number {
    return this.#progress.queueOffset
  }

  set queueOffset(offset: number) {
    this.#progress.queueOffset = offset
    this.#isChanged = true
  }

  /** Messages of the timer's topic from this offset on are gone. That lasts when this returns. */
  goBack(queueOffset: number): void {
    this.queueOffset = Math.min(queueOffset, this.queueOffset)
    this.noteStep()
    this.#lower()
  }

  /** How often the log was cut back: what was read before is not to be used after it. */
  get cutCount(): number {
    return this.#cutCount
  }

  /** The log was cut back: messages from this position on are gone. That lasts when this returns. */
  cutBackTo(commitLogEnd: number): void {
    this.#cutCount++
    this.noteStep()
    const logEnd = this.#endBefore(commitLogEnd)
    this.#progress.logEnd = logEnd
    this.#lower()
    this.#guarded(() => {
      this.#units.continueAt(logEnd)
      this.#makeWheel()
    })
  }

  /** Milliseconds since 1970: slots before it are done. */
  get readMs(): number {
    return this.#progress.readMs
  }

  /** How many units of the slot at `readMs` were delivered. */
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

  /** Waiting messages by the hash of their topics; undefined when the wheel was not made again at the start. */
  get pendingByTopic(): ReadonlyMap<number, number> | undefined {
    return this.#pendingByTopic
  }

  /** The message of the last unit, when an official broker had the files last: it tells where `queueOffset` is. */
  get lastOfOfficial(): { physicalOffset: number; totalSize: number } | undefined {
    if (!this.#wasOfficial) return undefined
    let last: TimerUnit | undefined
    scanWaiting(this.#wheelParts, this.#progress, (unit) => {
      last = unit
    })
    return last
  }

  /** Messages that are due at a time, minus recalls. */
  countAt(timeMs: number): number {
    return this.#wheel.countAt(this.#slotOf(timeMs))
  }

  /** The same for all times from `fromMs` on and before `untilMs`. */
  countBetween(fromMs: number, untilMs: number): number {
    return this.#wheel.countBetween(this.#slotOf(Math.max(fromMs, this.readMs)), this.#slotOf(untilMs))
  }

  /**
   * Adds a message to the slot of its time or, when that is done, to the first slot that is not.
   * @param outMs the time of the message
   * @returns false when the wheel has no free slot for it yet, since the reading of slots is behind
   */
  add(message: WaitingMessage, outMs: number, nowMs: number): boolean {
    const writtenMs = this.#slotOf(nowMs)
    const window = this.#window
    const asked = Math.max(this.#slotOf(outMs), this.readMs)
    const aheadMs = asked - writtenMs
    const isRoll = aheadMs >= window
    const slotMs = isRoll ? writtenMs + this.#slotOf(rollMs(aheadMs, window)) : asked
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
    const units = new SlotUnits(slotMs, this.#cutCount)
    await this.addNewUnits(units)
    return units
  }

  /** Whether the log was cut back since: then the units are to be read anew. */
  isOutdated({ cutCount }: SlotUnits): boolean {
    return cutCount !== this.#cutCount
  }

  /** Whether the slot has units that were added since. */
  hasNewUnits({ slotMs, lastPosition }: SlotUnits): boolean {
    return this.#lastOf(slotMs) > lastPosition
  }

  /** Appends the units that were added to the slot since. */
  async addNewUnits(units: SlotUnits): Promise<void> {
    const { slotMs, lastPosition } = units
    const last = this.#lastOf(slotMs)
    if (this.isOutdated(units)) return
    const found: TimerUnit[] = []
    for (let position = last; position > lastPosition; ) {
      const unit = this.#units.unitInMemory(position) ?? (await this.#loaded(position))
      if (this.isOutdated(units)) return
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

  /** Notes that the first `count` units of the slot at `slotMs` were delivered, and everything in earlier slots. */
  noteDelivered(slotMs: number, count: number): void {
    this.#progress.readMs = slotMs
    this.#progress.deliveredInSlot = count
    this.#isChanged = true
    this.noteStep()
  }

  /** Notes that all slots before a time are done. */
  passTo(timeMs: number): void {
    if (timeMs <= this.readMs) return
    this.#progress.readMs = this.#slotOf(timeMs)
    this.#progress.deliveredInSlot = 0
  }

  /** Whether the clock was set back so far that waiting messages must be moved to other slots. */
  isAheadOf(nowMs: number): boolean {
    return this.readMs > this.#slotOf(nowMs) + clockStepMsMax
  }

  /**
   * Moves waiting messages when the clock was set back far, or the window became narrower. Must not be called while a slot
   * is read.
   */
  followClock(nowMs: number): void {
    const windowMs = this.#window
    if (windowMs < this.#followedWindowMs || this.isAheadOf(nowMs)) this.#moveUnits(nowMs, this.precisionMs)
    this.#followedWindowMs = windowMs
  }

  /** Writes added units, and in the checkpoint how far that is: both survive the death of the process. */
  noteStep(): void {
    this.#guarded(() => {
      this.#units.write()
      this.#progress.logEnd = this.#units.end
      this.#noteWritten()
    })
  }

  /**
   * Writes everything, and returns how far that is.
   * @returns undefined when nothing changed since the last mark
   */
  mark(): TimerMark | undefined {
    if (!this.#isChanged) return undefined
    this.noteStep()
    this.#guarded(() => this.#wheel.write())
    this.#isChanged = false
    this.#lastMark = { own: this.#own(false) }
    return this.#lastMark
  }

  /** Syncs what was written at a mark. The part of the commit log that it is derived from must be synced before. */
  async sync(mark: TimerMark, nowMs: number): Promise<void> {
    try {
      await this.#units.sync()
      await this.#wheel.sync()
      await this.#files.syncAllNamesLater()
      this.#dataVersion = nextDataVersion(this.#dataVersion, nowMs, this.#dataVersion.stateVersion)
      await this.#checkpoint.writeSynced(mark.own, this.#dataVersion)
    } catch (error) {
      this.#onFailure('syncing the files of the timer', error)
      throw error
    }
  }

  /** Deletes files of the timer log whose messages are no longer in the log. */
  trim(logStart: number): void {
    this.#units.trim(({ physicalOffset }) => physicalOffset < logStart)
  }

  /** Writes and syncs everything, and closes. The whole commit log must be synced before. */
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

  /** Where the written units end of messages before a position of the log. They are in the order of these positions. */
  #endBefore(commitLogEnd: number): number {
    const { logStart } = this.#progress
    return this.#units.scan(
      startOfFile(this.#units.fileStarts, logStart),
      ({ physicalOffset }, position) => position < logStart || physicalOffset < commitLogEnd,
    )
  }

  /**
   * What is written and synced, or is being synced now, must not pass by what comes in the place of messages that are
   * gone. It lasts before their units are cleared: a checkpoint that counts cleared units has later ones stand behind a
   * gap, where they are not found.
   */
  #lower(): void {
    const { logEnd, queueOffset } = this.#progress
    const marked = this.#lastMark?.own.progress
    if (marked !== undefined) {
      marked.logEnd = Math.min(marked.logEnd, logEnd)
      marked.queueOffset = Math.min(marked.queueOffset, queueOffset)
    }
    this.#guarded(() => {
      this.#noteWritten()
      this.#checkpoint.lowerSynced(this.#progress, this.#dataVersion)
    })
  }

  async #loaded(position: number): Promise<TimerUnit | undefined> {
    await this.#units.load(position)
    return this.#units.unitInMemory(position)
  }

  #lastOf(slotMs: number): number {
    return this.#wheel.slot(slotMs)?.lastPosition ?? -1
  }

  #guarded(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#onFailure('writing the files of the timer', error)
      throw error
    }
  }

  #own(isClosed: boolean): OwnTimerCheckpoint {
    return {
      progress: { ...this.#progress },
      precisionMs: this.precisionMs,
      isClosed,
      windowMs: this.#followedWindowMs,
    }
  }

  #noteWritten(): void {
    this.#checkpoint.write(this.#own(false))
  }

  #slotOf(timeMs: number): number {
    return timeMs - (timeMs % this.precisionMs)
  }

  get #window(): number {
    return Math.min(this.#windowMs(), this.#slotOf(delayMsMax))
  }

  #append(unit: TimerUnit): void {
    this.#guarded(() => this.#appendUnit(unit))
  }

  #appendUnit(unit: TimerUnit): void {
    const slot = this.#wheel.slot(unit.slotMs)
    const writtenMs = Math.min(Math.max(unit.writtenMs, unit.slotMs - delayMsMax), unit.slotMs)
    this.#progress.lastSlotMs = Math.max(this.#progress.lastSlotMs, unit.slotMs)
    const position = this.#units.append({ ...unit, writtenMs, previous: slot?.lastPosition ?? -1 })
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
    // That broker may have written units behind the end that it noted.
    const end = this.#units.scan(Math.max(start, logEnd), () => true)
    return { ...none, readMs: this.#slotOf(readMs > 0 ? readMs : nowMs), logEnd: end, queueOffset }
  }

  /**
   * Makes the wheel again from the units that are not done. Their chains stay as they are.
   * @returns false when there are units that have no slot of this precision
   */
  #makeWheel(): boolean {
    const { fitsSlots, counts } = makeWheel(this.#wheelParts, this.#progress)
    this.#pendingByTopic = counts
    this.#isChanged = true
    return fitsSlots
  }

  get #wheelParts(): WheelParts {
    const { precisionMs } = this
    const [reachMs, windowMs] = [this.#reachMs, this.#window]
    return { log: this.#log, units: this.#units, wheel: this.#wheel, precisionMs, reachMs, windowMs }
  }

  /**
   * Adds all units that are not done again, in slots of this precision that are not before the present time. What is now
   * due beyond the window, since the clock was set back or the wheel spans less, goes around at once, and so does what
   * waits for longer than a window that became narrower. The units in front of them no longer count.
   * @param madeWithMs the precision with which they were added
   */
  #moveUnits(nowMs: number, madeWithMs: number): void {
    const units: TimerUnit[] = []
    scanWaiting(this.#wheelParts, this.#progress, (unit) => units.push(unit))
    const readMs = this.#slotOf(Math.min(nowMs, this.readMs))
    const writtenMs = this.#slotOf(nowMs)
    const windowMs = this.#window
    const endMs = Math.min(Math.max(writtenMs, readMs) + windowMs, readMs + this.#wheel.spanMs)
    this.#log.warn(
      { units: units.length, readMs: this.readMs, nowMs, precisionMs: this.precisionMs, madeWithMs },
      'the clock was set back, or timerPrecisionMs or fileReservedTime was changed: what waits for its time is sorted anew',
    )
    this.#wheel.clear()
    const logStart = this.#units.end
    for (const unit of units) {
      // A slot is due one precision after its time. A message must not be due earlier than with the other precision.
      const dueMs = unit.slotMs + madeWithMs
      const asked = Math.max(Math.ceil(dueMs / this.precisionMs) * this.precisionMs - this.precisionMs, readMs)
      const isFar = asked >= endMs || asked - unit.writtenMs > windowMs
      this.#append({ ...unit, slotMs: isFar ? readMs : asked, isRoll: unit.isRoll || isFar, writtenMs })
    }
    this.#progress = { ...this.#progress, readMs, deliveredInSlot: 0, logStart }
    this.#isChanged = true
    this.noteStep()
  }
}

/** A unit tells its slot by milliseconds since it was written, in 32 bits. */
const delayMsMax = 0x7fffffff

/** Milliseconds. When the clock was set back by at most this, nothing becomes due until it has caught up. */
const clockStepMsMax = 10_000

/** How far ahead a message is put that is due later than the window, so that its last step is not too small. */
function rollMs(aheadMs: number, windowMs: number): number {
  return aheadMs - windowMs < windowMs / 3 ? windowMs / 2 : windowMs
}
