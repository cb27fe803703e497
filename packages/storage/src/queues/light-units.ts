import { assert } from '@rocketmq-ts/base'
import type { SegmentFolder } from '../segment-folder.ts'
import { type FullMark, fullAt } from './full-mark.ts'
import { countUnits, unitsPerSlot } from './light-slot.ts'
import type { LightSlots } from './light-slots.ts'
import { lastMessage } from './queue-end.ts'
import { isMessage, type QueueUnit, readUnit, simpleUnits, unitBytes, writeFiller } from './queue-unit.ts'
import type { UnitFiles } from './unit-files.ts'

const filler = Buffer.alloc(unitBytes)
writeFiller(filler, 0)

export interface LightUnitsOptions {
  slots: LightSlots
  /** Of the light queue. */
  name: string
  /** Of the folder that the queue has when there is no room for it in a slot. */
  path: string
  /** Of each file in that folder. */
  segmentBytes: number
  /** The mark of that folder. */
  fullMark: FullMark
  /** Makes what reads and writes that folder. */
  folder(): SegmentFolder
  /** The messages before this position of the log are gone. */
  logStart(): number
  /** Told when the units are in the folder from now on. */
  onMoved(): void
}

/**
 * The units of a light queue: in a slot as long as there is room, then in files of their own. In the slot they look like one
 * file of a folder. What stands in front of the first one reads as fillers.
 */
export class LightUnits implements UnitFiles {
  readonly path: string
  readonly segmentBytes: number
  readonly #options: LightUnitsOptions
  /** The numbers of the first unit in the slot, and behind the last one; undefined when the slot says nothing. */
  #range: { first: number; end: number } | undefined
  /** Once the units are there. */
  #folder: SegmentFolder | undefined

  constructor(options: LightUnitsOptions) {
    const { slots, name, path, segmentBytes } = options
    this.#options = options
    this.path = path
    this.segmentBytes = segmentBytes
    const slot = slots.read(name)
    if (slot === undefined) return
    const { firstUnit, units } = slot
    this.#range = { first: firstUnit, end: firstUnit + countUnits(units) }
  }

  get isShared(): boolean {
    return this.#folder === undefined
  }

  /** The number of the first unit in the slot; undefined when it has none. */
  get firstInSlot(): number | undefined {
    return this.#folder === undefined ? this.#range?.first : undefined
  }

  get writtenEnd(): number | undefined {
    return this.#folder === undefined ? (this.#range?.end ?? 0) : undefined
  }

  get starts(): readonly number[] {
    if (this.#folder !== undefined) return this.#folder.starts
    return this.#range === undefined ? [] : [this.#start]
  }

  get firstPosition(): number {
    return this.starts[0] ?? 0
  }

  get endPosition(): number {
    if (this.#folder !== undefined) return this.#folder.endPosition
    return this.#range === undefined ? 0 : this.#start + this.segmentBytes
  }

  startOf(position: number): number {
    return position - (position % this.segmentBytes)
  }

  has(position: number): boolean {
    if (this.#folder !== undefined) return this.#folder.has(position)
    return this.#range !== undefined && this.startOf(position) === this.#start
  }

  nextStart(position: number): number | undefined {
    if (this.#folder !== undefined) return this.#folder.nextStart(position)
    return this.#range !== undefined && this.#start >= position ? this.#start : undefined
  }

  write(data: Uint8Array, position: number): void {
    if (this.#folder !== undefined) {
      this.#folder.write(data, position)
      return
    }
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    let first = position / unitBytes
    let at = 0
    if (this.#range === undefined) {
      // Those in front of the first message need not be kept.
      while (at < bytes.length && !isMessage(readUnit(bytes, at))) at += unitBytes
    } else {
      // After a write that failed at the end of a file, what stood before that comes again.
      at = Math.max(0, Math.min(this.#range.end - first, bytes.length / unitBytes)) * unitBytes
    }
    first += at / unitBytes
    if (at < bytes.length || this.#range === undefined) this.#add(first, bytes.subarray(at))
  }

  read(target: Uint8Array, position: number): number {
    if (this.#folder !== undefined) return this.#folder.read(target, position)
    if (!this.has(position)) return 0
    const { first, end } = this.#range!
    const { name, slots } = this.#options
    const units = first < end ? slots.read(name)!.units : filler
    const bytes = Buffer.from(target.buffer, target.byteOffset, target.byteLength)
    const filledEnd = Math.min(end * unitBytes, position + bytes.length)
    for (let at = position; at < filledEnd; ) {
      const unit = Math.floor(at / unitBytes)
      const from = at - unit * unitBytes
      const source = unit < first ? filler : units.subarray((unit - first) * unitBytes)
      at += source.copy(bytes, at - position, from, Math.min(unitBytes, from + filledEnd - at))
    }
    return Math.max(0, filledEnd - position)
  }

  async readLater(target: Uint8Array, position: number): Promise<number> {
    if (this.#folder !== undefined) return this.#folder.readLater(target, position)
    return this.read(target, position)
  }

  /** What is in a slot is synced with all others: see `LightSlots.syncAndFree`. */
  async sync(position: number): Promise<void> {
    await this.#folder?.sync(position)
  }

  syncNow(position: number): void {
    this.#folder?.syncNow(position)
  }

  clearFrom(position: number): void {
    if (this.#folder !== undefined) this.#folder.clearFrom(position)
    else if (this.has(position)) this.#cutTo(position / unitBytes)
  }

  removeFirst(): void {
    if (this.#folder !== undefined) this.#folder.removeFirst()
    else this.removeFrom(0)
  }

  removeFrom(position: number): void {
    if (this.#folder !== undefined) {
      this.#folder.removeFrom(position)
      return
    }
    if (this.#range === undefined || this.#start < position) return
    this.#options.slots.empty(this.#options.name)
    this.#range = undefined
  }

  forgetFiles(): void {
    this.#range = undefined
    this.#folder?.forgetFiles()
  }

  /** Puts the units into files of their own, with fillers in front of them from the start of the first file on. */
  moveToFolder(): void {
    if (this.#folder !== undefined) return
    const { fullMark } = this.#options
    const folder = this.#options.folder()
    if (this.#range !== undefined) {
      const start = this.#start
      // Without any, the first file tells where the queue begins.
      const bytes = Buffer.alloc(Math.max(this.#range.end * unitBytes - start, unitBytes))
      this.read(bytes, start)
      folder.write(bytes, start)
      fullMark.set(fullAt(folder, this.#range.end * unitBytes))
    }
    this.#folder = folder
    this.#options.slots.moved(this.#options.name)
    this.#options.onMoved()
  }

  /** Where the file starts that the slot stands for. */
  get #start(): number {
    return this.startOf(this.#range!.first * unitBytes)
  }

  #add(first: number, units: Buffer): void {
    const { slots, name } = this.#options
    const end = first + units.length / unitBytes
    const range = this.#range
    if (range === undefined && end - first <= unitsPerSlot(name)) {
      slots.write(name, first, units)
      this.#range = { first, end }
      return
    }
    assert(range === undefined || first === range.end, `unit ${first} of ${name} is not the next one`)
    if (range !== undefined && this.#makeRoom(range, end)) {
      slots.append(name, first - range.first, units)
      range.end = end
      return
    }
    // What stands in front of the first unit of a new queue is moved too.
    this.#range ??= { first, end: first }
    try {
      this.moveToFolder()
    } catch (error) {
      // On a full disk the same units come again: without a slot, as before.
      this.#range = range
      throw error
    }
    this.#folder!.write(units, first * unitBytes)
  }

  /** @returns whether the slot has room for units up to `end` */
  #makeRoom(range: { first: number; end: number }, end: number): boolean {
    if (this.startOf((end - 1) * unitBytes) !== this.#start) return false
    const roomFor = unitsPerSlot(this.#options.name)
    if (end - range.first <= roomFor) return true
    const first = this.#firstInLog(range)
    // One whose slot would be written anew for every few messages has files.
    if (end - first > roomFor || first - range.first < roomFor / 2) return false
    const { slots, name } = this.#options
    const kept = slots.read(name)!.units
    slots.write(name, first, kept.subarray((first - range.first) * unitBytes, (range.end - range.first) * unitBytes))
    range.first = first
    return true
  }

  /** The number of the first unit whose message the log has still. */
  #firstInLog({ first, end }: { first: number; end: number }): number {
    const { slots, name, logStart } = this.#options
    const { units } = slots.read(name)!
    const start = logStart()
    let at = first
    for (; at < end; at++) {
      const unit = readUnit(units, (at - first) * unitBytes)
      if (isMessage(unit) && unit.physicalOffset >= start) return at
    }
    return at
  }

  #cutTo(end: number): void {
    const range = this.#range!
    if (end >= range.end) return
    const first = Math.min(range.first, end)
    const { slots, name } = this.#options
    const kept = slots.read(name)!.units.subarray(0, Math.max(0, end - range.first) * unitBytes)
    slots.write(name, first, kept)
    this.#range = { first, end }
  }
}

/**
 * Copies units of a slot into the files of the same queue, where these do not have that of a later message: of messages with
 * the same offset, the last one in the log counts. What the files have may be torn.
 * @param isInLog whether the log has the message of a unit
 */
export function copyMissing(
  units: LightUnits,
  segments: SegmentFolder,
  isInLog: (unit: QueueUnit, unitNumber: number) => boolean,
): void {
  const { firstInSlot } = units
  if (firstInSlot === undefined) return
  const lastInSlot = lastMessage(units, simpleUnits)?.physicalOffset ?? -1
  // The queue was removed and made anew, and a failure of the power has brought the slot of the old one back.
  if (firstInLog(segments, firstInSlot, isInLog) > lastInSlot) return
  // Files that end before the one that the slot stands for are of a queue that was removed.
  if (segments.endPosition < units.firstPosition) segments.removeFrom(0)
  const firstOfFiles = segments.starts.length === 0 ? units.firstPosition : segments.firstPosition
  const [bytes, known] = [Buffer.alloc(unitBytes), Buffer.alloc(unitBytes)]
  for (let position = units.firstPosition; units.read(bytes, position) === unitBytes; position += unitBytes) {
    // What stood in files that are gone is gone.
    if (position < firstOfFiles) continue
    known.fill(0, segments.read(known, position))
    if (bytes.equals(known)) continue
    const unitNumber = position / unitBytes
    const [unit, inFile] = [readUnit(bytes, 0), readUnit(known, 0)]
    if (isMessage(unit) && !isInLog(unit, unitNumber)) continue
    const isReplaced = !isMessage(unit) || inFile.physicalOffset > unit.physicalOffset
    if (!isReplaced || !isMessage(inFile) || !isInLog(inFile, unitNumber)) segments.write(bytes, position)
    // The queue was made anew by a broker that knows no slots: what stands behind this one is of the old queue.
    else if (inFile.physicalOffset > lastInSlot) return
  }
}

/** Where the log has the first message of the files of a queue, of those before a unit; -1 when it has none. */
function firstInLog(
  segments: SegmentFolder,
  endUnit: number,
  isInLog: (unit: QueueUnit, unitNumber: number) => boolean,
): number {
  const bytes = Buffer.alloc(unitBytes)
  for (let position = segments.firstPosition; position < endUnit * unitBytes; position += unitBytes) {
    if (segments.read(bytes, position) < unitBytes) return -1
    const unit = readUnit(bytes, 0)
    if (isMessage(unit) && isInLog(unit, position / unitBytes)) return unit.physicalOffset
  }
  return -1
}
