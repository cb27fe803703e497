import { dirname } from 'node:path'
import type { Log } from '@rocketmq-ts/platform'
import { lightQueueId } from '@rocketmq-ts/protocol'
import type { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import type { ConsumeQueue } from './consume-queue.ts'
import { FullMark, fullAt } from './full-mark.ts'
import { countUnits, type LightSlot } from './light-slot.ts'
import { copyMissing, LightUnits } from './light-units.ts'
import type { OpenLightQueues } from './open-light-queues.ts'
import { counts, cutToQueueEnd, type UnitTrust } from './queue-end.ts'
import { howToMakeQueuesAgain, type QueueFolders } from './queue-folders.ts'
import { readUnit, unitBytes } from './queue-unit.ts'
import { SimpleQueue } from './simple-queue.ts'
import { isUnitInLog } from './unit-in-log.ts'

export interface LightFilesOptions {
  files: StoreFiles
  /** The log that the units point into. */
  log: SegmentFolder
  /** Takes reports of damaged slots. */
  eventLog: Log
  /** Whether those with few messages are in one file. Those that are there are moved into files of their own otherwise. */
  hasLightSlots: boolean
}

/** Where light queues have their units: those with few messages in slots, the others in files. */
export class LightFiles {
  readonly #light: OpenLightQueues
  readonly #folders: QueueFolders
  readonly #options: LightFilesOptions

  constructor(light: OpenLightQueues, folders: QueueFolders, options: LightFilesOptions) {
    this.#light = light
    this.#folders = folders
    this.#options = options
  }

  /** Whether queues have their units where an official broker does not look for them. */
  get hasSlots(): boolean {
    return this.#light.slots.count > 0
  }

  /** Whether there is the file for that, with or without queues. */
  get hasSlotFile(): boolean {
    return this.#light.slots.exists
  }

  /** A queue that is in a slot, or new, with its units in memory; undefined when it has files. */
  openSlot(name: string, trust: UnitTrust): ConsumeQueue | undefined {
    const { slots } = this.#light
    if (this.#light.hasFiles(name)) return undefined
    if (!slots.has(name)) {
      if (!this.#options.hasLightSlots) return undefined
      slots.add(name)
    }
    const { fullMark, units } = this.#unitsOf(name)
    const queue = new SimpleQueue(name, lightQueueId, units, fullMark, trust)
    // They are few, and readers need them all.
    queue.keepFrom(units.firstInSlot ?? queue.endUnit)
    return queue
  }

  /**
   * Removes what does not count: slots that a failure of the power has torn, and units in others.
   * @param trustOf which units of a queue count; undefined for one that is left as it is
   */
  cutSlots(trustOf: (name: string) => UnitTrust | undefined): void {
    this.#light.slots.freeDamaged()
    for (const slot of this.#light.slots.all()) {
      const trust = trustOf(slot.name)
      // Nearly all are right: there may be a million.
      if (trust !== undefined && !isLastUnitRight(slot, trust)) {
        cutToQueueEnd(this.#unitsOf(slot.name).units, this.#folders.form, trust)
      }
    }
  }

  /** Tells of slots that were damaged when the file was opened, where no power failure explains that. */
  reportDamage(): void {
    const { path, damagedCount: count } = this.#light.slots
    if (count === 0) return
    this.#options.eventLog.error(
      { path, count },
      'light queues are damaged in this file, and seem to be new ones: their messages are in the log. To get them back, ' +
        howToMakeQueuesAgain,
    )
  }

  /**
   * Ends the moves from slots into files that a dead process began. What the files lack, or have of an older message, comes
   * from the slot.
   */
  endMoves(): void {
    const { log } = this.#options
    const { form } = this.#folders
    for (const name of this.#light.namesInBoth()) {
      const { units, fullMark } = this.#unitsOf(name)
      const segments = this.#segmentsOf(name)
      this.#folders.extendLast(segments)
      const place = { topicBytes: Buffer.from(name), queueId: lightQueueId, isLight: true }
      copyMissing(units, segments, (unit, unitNumber) => isUnitInLog(log, unit, form, place, unitNumber))
      const end = cutToQueueEnd(segments, form, { logPosition: Number.POSITIVE_INFINITY })
      fullMark.set(fullAt(segments, end * form.unitBytes))
      this.#light.slots.moved(name)
    }
  }

  /**
   * Moves all into files, when there are to be no slots.
   * @param openQueue the open queue of a name
   */
  moveUnwanted(openQueue: (name: string) => ConsumeQueue | undefined): void {
    const { count } = this.#light.slots
    if (this.#options.hasLightSlots || count === 0) return
    this.#options.eventLog.info({ count }, 'light queues get files of their own')
    for (const name of this.#light.slots.names()) {
      const open = openQueue(name)?.segments
      const units = open instanceof LightUnits ? open : this.#unitsOf(name).units
      units.moveToFolder()
    }
  }

  /** Gives back what the slots of queues that are gone take at the end of the file. */
  trimEnd(): void {
    this.#light.slots.trimEnd()
  }

  /** Frees slots of queues that are gone, where a full disk has kept them. @throws the file system's errors */
  freeKept(): void {
    this.#light.slots.freeKept()
  }

  /** Forgets what is in slots: all queues are made again. */
  clearSlots(): void {
    this.#light.slots.clear()
  }

  /** Queues with files that a power failure may take: they were closed unsynced, or have moved. */
  get unsyncedCount(): number {
    let count = this.#light.unsyncedCount
    for (const name of this.#light.slots.replacedNames()) if (this.#light.hasFiles(name)) count++
    return count
  }

  /** Makes what was written to slots, and to files of queues that are closed, survive a power failure. */
  async sync(): Promise<void> {
    for (const [name, position] of this.#light.takeUnsynced()) await this.#syncFiles(name, position)
    await this.#light.slots.syncAndFree(async (names) => {
      for (const name of names) if (this.#light.hasFiles(name)) await this.#syncFiles(name, 0)
      await this.#folders.syncRemovals()
    })
  }

  /** Like `sync`, before it returns. */
  syncNow(): void {
    for (const [name, position] of this.#light.takeUnsynced()) this.#syncFilesNow(name, position)
    this.#light.slots.syncAndFreeNow((names) => {
      for (const name of names) if (this.#light.hasFiles(name)) this.#syncFilesNow(name, 0)
      this.#folders.syncRemovalsNow()
    })
  }

  /**
   * Makes the removal of all that were removed survive a power failure.
   * @throws the file system's errors, also when a full disk keeps one of them
   */
  async syncRemovals(): Promise<void> {
    this.#light.slots.freeKept()
    await this.#light.slots.sync()
    await this.#folders.syncRemovals()
  }

  /** Like `syncRemovals`, before it returns. */
  syncRemovalsNow(): void {
    this.#light.slots.freeKept()
    this.#light.slots.syncNow()
    this.#folders.syncRemovalsNow()
  }

  close(): void {
    this.#light.slots.close()
  }

  /** @param position in the files of a queue from which on they are synced */
  async #syncFiles(name: string, position: number): Promise<void> {
    const { fileSystem } = this.#options.files
    const isThere = (path: string): boolean => fileSystem.status(path) !== undefined
    const segments = this.#segmentsOf(name)
    for (const start of segments.starts) {
      // Files and topics are removed while others are synced.
      if (start >= segments.startOf(position) && isThere(segments.pathOf(start))) await segments.sync(start)
    }
    for (const folder of foldersOf(segments)) if (isThere(folder)) await fileSystem.syncFolderLater(folder)
  }

  #syncFilesNow(name: string, position: number): void {
    const segments = this.#segmentsOf(name)
    for (const start of segments.starts) if (start >= segments.startOf(position)) segments.syncNow(start)
    for (const folder of foldersOf(segments)) this.#options.files.fileSystem.syncFolder(folder)
  }

  #segmentsOf(name: string): SegmentFolder {
    return this.#folders.segmentsOf(name, lightQueueId)
  }

  #unitsOf(name: string): { units: LightUnits; fullMark: FullMark } {
    const { log, files } = this.#options
    const { path, segmentBytes } = this.#folders.placeOf(name, lightQueueId)
    const fullMark = new FullMark(files, path)
    const units = new LightUnits({
      slots: this.#light.slots,
      name,
      path,
      segmentBytes,
      fullMark,
      folder: () => this.#segmentsOf(name),
      logStart: () => log.firstPosition,
      onMoved: () => this.#light.moved(name),
    })
    return { units, fullMark }
  }
}

/** Whether the last unit of a slot counts, so that all do: they stand in the order of the log. */
function isLastUnitRight({ firstUnit, units }: LightSlot, trust: UnitTrust): boolean {
  const last = countUnits(units) - 1
  return last >= 0 && counts(readUnit(units, last * unitBytes), firstUnit + last, trust)
}

/** The folder of a queue and that of its topic, when it has files. */
function foldersOf({ starts, path }: SegmentFolder): readonly string[] {
  return starts.length === 0 ? [] : [path, dirname(path)]
}
