import { putInt32, readInt64, writeInt64 } from '@rocketmq-ts/protocol'
import type { StoreFiles } from '../store-files.ts'

/**
 * A slot of the wheel, big-endian: for one time, as many milliseconds wide as the precision.
 *
 *     time / precision 8 | first position in the timer log 8 | last position 8 | count 4 | 0 4
 *
 * A slot is used for another time once the wheel has gone around: then its old content no longer counts.
 */
const slotBytes = 32
const slotsInPage = 128
const pageBytes = slotsInPage * slotBytes
/** A slot for each second of seven days, twice: while one half is read, the other one is filled. */
export const timerSlotCount = 2 * 604_800

export interface TimerSlot {
  firstPosition: number
  /** The newest unit, at which the chain begins. */
  lastPosition: number
  /** Number of units, minus recalls. */
  count: number
}

/** Bytes of pages in memory: 7 days by default fit into them. */
const pagesKept = 4096
/** So many pages make room at once. */
const pagesDropped = 256
const unknown = -1

/**
 * The file `timerwheel`: for each time, where its units are in the timer log. Only pages in use are in memory, and of
 * them a bounded number: others are written and read again.
 */
export class TimerWheel {
  readonly #files: StoreFiles
  readonly #path: string
  readonly #precisionMs: number
  readonly #slotCount: number
  /** By index, the one that was read first in front. */
  readonly #pages = new Map<number, Buffer>()
  readonly #pagesKept: number
  /** The latest time of each page's slots, in precisions; 0 when none was ever used. */
  readonly #latest: Float64Array
  /** Indexes of pages with unwritten changes. */
  readonly #changed = new Set<number>()
  #isUnsynced = false

  constructor(files: StoreFiles, path: string, precisionMs: number, slotCount = timerSlotCount, pagesMax = pagesKept) {
    this.#files = files
    this.#path = path
    this.#precisionMs = precisionMs
    this.#slotCount = slotCount
    this.#pagesKept = pagesMax
    this.#latest = new Float64Array(Math.ceil(slotCount / slotsInPage)).fill(unknown)
    const size = files.fileSystem.status(path)?.sizeBytes
    if (size === undefined) {
      files.create(path, slotCount * slotBytes)
      this.#latest.fill(0)
    } else if (size < slotCount * slotBytes) files.open(path).truncate(slotCount * slotBytes)
  }

  /** Milliseconds that the wheel spans. */
  get spanMs(): number {
    return this.#slotCount * this.#precisionMs
  }

  /** Bytes of pages in memory. */
  get memoryBytes(): number {
    return this.#pages.size * pageBytes
  }

  /** The slot of a time, or undefined when it has no units. When it is set next, nothing has to be read or written. */
  slot(timeMs: number): TimerSlot | undefined {
    const time = timeMs / this.#precisionMs
    const index = time % this.#slotCount
    const bytes = this.#page(Math.floor(index / slotsInPage))
    const at = (index % slotsInPage) * slotBytes
    if (readInt64(bytes, at) !== time || time === 0) return undefined
    return {
      firstPosition: readInt64(bytes, at + 8),
      lastPosition: readInt64(bytes, at + 16),
      count: bytes.readInt32BE(at + 24),
    }
  }

  /** The count of the slot of a time, 0 when it has no units: each message with a time asks for it. */
  countAt(timeMs: number): number {
    const time = timeMs / this.#precisionMs
    const index = time % this.#slotCount
    const bytes = this.#page(Math.floor(index / slotsInPage))
    const at = (index % slotsInPage) * slotBytes
    return readInt64(bytes, at) !== time || time === 0 ? 0 : bytes.readInt32BE(at + 24)
  }

  /** Sets the slot of a time. */
  set(timeMs: number, slot: TimerSlot): void {
    const time = timeMs / this.#precisionMs
    const index = time % this.#slotCount
    const pageIndex = Math.floor(index / slotsInPage)
    const bytes = this.#page(pageIndex)
    const at = (index % slotsInPage) * slotBytes
    writeInt64(bytes, time, at)
    writeInt64(bytes, slot.firstPosition, at + 8)
    writeInt64(bytes, slot.lastPosition, at + 16)
    putInt32(bytes, slot.count, at + 24)
    putInt32(bytes, 0, at + 28)
    this.#changed.add(pageIndex)
    this.#latest[pageIndex] = Math.max(this.#latestOf(pageIndex), time)
  }

  /** The first time from `fromMs` on, and before `untilMs`, that has units. */
  nextUsed(fromMs: number, untilMs: number): number | undefined {
    const last = Math.min(untilMs, fromMs + this.spanMs) / this.#precisionMs
    for (let time = fromMs / this.#precisionMs; time < last; ) {
      const index = time % this.#slotCount
      const pageIndex = Math.floor(index / slotsInPage)
      const inPage = index % slotsInPage
      if (this.#latestOf(pageIndex) < time) {
        time += Math.min(slotsInPage - inPage, this.#slotCount - index)
        continue
      }
      if (readInt64(this.#page(pageIndex), inPage * slotBytes) === time) return time * this.#precisionMs
      time++
    }
    return undefined
  }

  /** The sum of the counts of slots from `fromMs` on and before `untilMs`. */
  countBetween(fromMs: number, untilMs: number): number {
    let sum = 0
    for (let at = this.nextUsed(fromMs, untilMs); at !== undefined; ) {
      sum += this.slot(at)!.count
      at = this.nextUsed(at + this.#precisionMs, untilMs)
    }
    return sum
  }

  /** Forgets everything. */
  clear(): void {
    this.#pages.clear()
    this.#changed.clear()
    this.#latest.fill(0)
    this.#files.remove(this.#path)
    this.#files.create(this.#path, this.#slotCount * slotBytes)
    this.#isUnsynced = true
  }

  /** Writes changed pages. */
  write(): void {
    for (const index of this.#changed) this.#writePage(index)
  }

  /** Syncs what is written now. */
  async sync(): Promise<void> {
    if (!this.#isUnsynced) return
    this.#isUnsynced = false
    await this.#files.open(this.#path).syncData()
  }

  syncNow(): void {
    if (this.#isUnsynced) this.#files.open(this.#path).syncDataNow()
    this.#isUnsynced = false
  }

  /** A page that has no slot of now or later is not kept for the sake of knowing that. */
  #latestOf(pageIndex: number): number {
    const known = this.#latest[pageIndex]!
    if (known !== unknown) return known
    const bytes = this.#pages.get(pageIndex) ?? this.#read(pageIndex)
    let latest = 0
    for (let at = 0; at < pageBytes; at += slotBytes) latest = Math.max(latest, readInt64(bytes, at))
    this.#latest[pageIndex] = latest
    return latest
  }

  #page(index: number): Buffer {
    const known = this.#pages.get(index)
    if (known !== undefined) return known
    if (this.#pages.size >= this.#pagesKept) this.#makeRoom()
    const bytes = this.#read(index)
    this.#pages.set(index, bytes)
    return bytes
  }

  #read(index: number): Buffer {
    const bytes = Buffer.alloc(pageBytes)
    this.#files.open(this.#path).read(bytes, index * pageBytes)
    return bytes
  }

  #makeRoom(): void {
    let toDrop = Math.min(pagesDropped, this.#pages.size)
    for (const index of this.#pages.keys()) {
      if (toDrop-- === 0) return
      if (this.#changed.has(index)) this.#writePage(index)
      this.#pages.delete(index)
    }
  }

  #writePage(index: number): void {
    this.#files.open(this.#path).write(this.#pages.get(index)!, index * pageBytes)
    this.#changed.delete(index)
    this.#isUnsynced = true
  }
}
