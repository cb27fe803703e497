import { assert, LruMap } from '@rocketmq-ts/base'
import { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import {
  isTimerBlank,
  putTimerBlank,
  putTimerUnit,
  readTimerUnit,
  type TimerUnit,
  timerBlankBytes,
  timerUnitBytes,
} from './timer-unit.ts'

/** Bytes of a block, which no unit crosses. Each file starts with a block. */
const blockBytes = 1260 * timerUnitBytes
const blocksKept = 64
const scanBytes = 16 * blockBytes

/**
 * The folder `timerlog`: a unit for each message that waits for its time, in files of one size. Units are only appended.
 * The last block and the most recently read ones are in memory.
 */
export class TimerLog {
  readonly #segments: SegmentFolder
  readonly #blocks = new LruMap<number, Buffer>(blocksKept)
  /** The block that the next unit goes into. */
  #last: Buffer = Buffer.alloc(blockBytes)
  #lastStart = 0
  #end = 0
  #writtenEnd = 0
  #syncedEnd = 0
  /** How often the end was cut off. */
  #cutCount = 0

  /** @throws SegmentSizeError when the files are of another size */
  constructor(files: StoreFiles, path: string, segmentBytes: number) {
    this.#segments = new SegmentFolder(files, path, segmentBytes)
  }

  get start(): number {
    return this.#segments.firstPosition
  }

  /** Position of the next unit, unless the file has no room for it. */
  get end(): number {
    return this.#end
  }

  /** Start positions of the files. */
  get fileStarts(): readonly number[] {
    return this.#segments.starts
  }

  /** Continues at a position, and clears everything behind it. */
  continueAt(position: number): void {
    const segments = this.#segments
    const end = Math.min(Math.max(position, segments.firstPosition), segments.endPosition)
    const start = segments.startOf(end)
    const isInFile = segments.has(end)
    segments.removeFrom(isInFile ? start + segments.segmentBytes : start)
    if (isInFile) segments.clearFrom(end)
    this.#blocks.clear()
    this.#cutCount++
    this.#end = end
    this.#writtenEnd = end
    this.#syncedEnd = Math.min(this.#syncedEnd, start)
    this.#lastStart = this.#blockStart(end)
    this.#last = this.#read(this.#lastStart)
  }

  /** @returns the position of the unit */
  append(unit: TimerUnit): number {
    this.#makeRoom()
    const position = this.#end
    putTimerUnit(this.#last, position - this.#lastStart, unit)
    this.#end = position + timerUnitBytes
    return position
  }

  /** Writes what was appended. */
  write(): void {
    if (this.#writtenEnd === this.#end) return
    const bytes = this.#last.subarray(this.#writtenEnd - this.#lastStart, this.#end - this.#lastStart)
    this.#segments.write(bytes, this.#writtenEnd)
    this.#writtenEnd = this.#end
  }

  /** Syncs what is written now. */
  async sync(): Promise<void> {
    const end = this.#writtenEnd
    const cutCount = this.#cutCount
    for (const start of this.#unsyncedFiles(end)) await this.#segments.sync(start)
    if (this.#cutCount === cutCount) this.#syncedEnd = Math.max(this.#syncedEnd, end)
  }

  syncNow(): void {
    for (const start of this.#unsyncedFiles(this.#writtenEnd)) this.#segments.syncNow(start)
    this.#syncedEnd = this.#writtenEnd
  }

  /** The unit at a position when it is in memory. */
  unitInMemory(position: number): TimerUnit | undefined {
    const start = this.#blockStart(position)
    const block = start === this.#lastStart ? this.#last : this.#blocks.get(start)
    const at = position - start
    if (block === undefined || position >= this.#end || at + timerUnitBytes > block.length) return undefined
    return readTimerUnit(block, at, position)
  }

  /** Reads the block of a position into memory, unless it is there or has no unit. */
  async load(position: number): Promise<void> {
    const start = this.#blockStart(position)
    if (start === this.#lastStart || position < this.start || position >= this.#end) return
    const block = Buffer.allocUnsafeSlow(this.#lengthOf(start))
    const length = await this.#segments.readLater(block, start)
    this.#blocks.set(start, block.subarray(0, length))
  }

  /** The first unit of a file, or undefined when there is none. */
  firstUnit(fileStart: number): TimerUnit | undefined {
    return this.#unitAt(fileStart)
  }

  /** The last unit that is written, or undefined when there is none. */
  lastUnit(): TimerUnit | undefined {
    const end = this.#writtenEnd
    if (end === this.start) return undefined
    const { segmentBytes } = this.#segments
    return end % segmentBytes === 0 ? this.#lastUnitOfFile(end - segmentBytes) : this.#unitAt(end - timerUnitBytes)
  }

  /**
   * Visits units in their order, up to the last one.
   * @param from position of a unit, or the end
   * @param visit returns false to end the scan
   * @returns the position behind the last visited unit, or of the unit at which `visit` returned false
   */
  scan(from: number, visit: (unit: TimerUnit, position: number) => boolean): number {
    const { segmentBytes } = this.#segments
    const window = Buffer.allocUnsafeSlow(Math.min(scanBytes, segmentBytes))
    let position = from
    while (this.#segments.has(position)) {
      const start = this.#segments.startOf(position)
      const wanted = Math.min(window.length, start + segmentBytes - position)
      const length = this.#segments.read(window.subarray(0, wanted), position)
      let at = 0
      for (; at + timerUnitBytes <= length; at += timerUnitBytes) {
        const unit = readTimerUnit(window, at, position + at)
        if (unit === undefined) break
        if (!visit(unit, position + at)) return position + at
      }
      position += at
      if (at + timerUnitBytes <= length || at === 0) {
        const isBlank = at + timerBlankBytes <= length && isTimerBlank(window, at)
        if (!isBlank || !this.#segments.has(start + segmentBytes)) return position
        position = start + segmentBytes
      }
    }
    return position
  }

  /** Deletes the first files as long as `isDone` returns true for their last unit. The last file stays. */
  trim(isDone: (unit: TimerUnit) => boolean): void {
    while (this.#segments.starts.length > 1) {
      const last = this.#lastUnitOfFile(this.start)
      if (last !== undefined && !isDone(last)) return
      const next = this.#segments.starts[1]!
      for (const start of [...this.#blocks.keys()]) if (start < next) this.#blocks.delete(start)
      this.#segments.removeFirst()
    }
  }

  /** The last unit of a file that is full. */
  #lastUnitOfFile(fileStart: number): TimerUnit | undefined {
    const count = Math.floor((this.#segments.segmentBytes - timerBlankBytes) / timerUnitBytes)
    return this.#unitAt(fileStart + (count - 1) * timerUnitBytes)
  }

  #unitAt(position: number): TimerUnit | undefined {
    const bytes = Buffer.alloc(timerUnitBytes)
    return this.#segments.read(bytes, position) < timerUnitBytes ? undefined : readTimerUnit(bytes, 0, position)
  }

  #makeRoom(): void {
    const { segmentBytes } = this.#segments
    const remaining = segmentBytes - (this.#end % segmentBytes)
    if (remaining < timerUnitBytes + timerBlankBytes) {
      this.write()
      const blank = Buffer.alloc(timerBlankBytes)
      putTimerBlank(blank, 0, remaining)
      this.#segments.write(blank, this.#end)
      this.#end += remaining
      this.#writtenEnd = this.#end
    }
    const start = this.#blockStart(this.#end)
    if (start === this.#lastStart) return
    this.write()
    this.#blocks.set(this.#lastStart, this.#last)
    this.#last = Buffer.alloc(blockBytes)
    this.#lastStart = start
  }

  #blockStart(position: number): number {
    const start = this.#segments.startOf(position)
    return position - ((position - start) % blockBytes)
  }

  #lengthOf(blockStart: number): number {
    const { segmentBytes } = this.#segments
    return Math.min(blockBytes, this.#segments.startOf(blockStart) + segmentBytes - blockStart)
  }

  #read(blockStart: number): Buffer {
    const block = Buffer.alloc(blockBytes)
    this.#segments.read(block.subarray(0, this.#lengthOf(blockStart)), blockStart)
    return block
  }

  #unsyncedFiles(end: number): number[] {
    assert(this.#syncedEnd <= end, 'more of the timer log is synced than was written')
    return this.#segments.starts.filter((start) => start + this.#segments.segmentBytes > this.#syncedEnd && start < end)
  }
}
