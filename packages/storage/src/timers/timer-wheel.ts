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

/** A part of the wheel in memory. */
interface Page {
  readonly bytes: Buffer
  /** The latest time of its slots, in precisions. */
  latest: number
}

/**
 * The file `timerwheel`: for each time, where its units are in the timer log. Only the pages in use are in memory.
 */
export class TimerWheel {
  readonly #files: StoreFiles
  readonly #path: string
  readonly #precisionMs: number
  readonly #slotCount: number
  readonly #pages: (Page | undefined)[] = []
  /** Indexes of pages with unwritten changes. */
  readonly #changed = new Set<number>()
  #isUnsynced = false

  constructor(files: StoreFiles, path: string, precisionMs: number, slotCount = timerSlotCount) {
    this.#files = files
    this.#path = path
    this.#precisionMs = precisionMs
    this.#slotCount = slotCount
    const size = files.fileSystem.status(path)?.sizeBytes
    if (size === undefined) files.create(path, slotCount * slotBytes)
    else if (size < slotCount * slotBytes) files.open(path).truncate(slotCount * slotBytes)
  }

  /** Milliseconds that the wheel spans. */
  get spanMs(): number {
    return this.#slotCount * this.#precisionMs
  }

  /** The slot of a time, or undefined when it has no units. */
  slot(timeMs: number): TimerSlot | undefined {
    const time = timeMs / this.#precisionMs
    const index = time % this.#slotCount
    const { bytes } = this.#page(Math.floor(index / slotsInPage))
    const at = (index % slotsInPage) * slotBytes
    if (readInt64(bytes, at) !== time || time === 0) return undefined
    return {
      firstPosition: readInt64(bytes, at + 8),
      lastPosition: readInt64(bytes, at + 16),
      count: bytes.readInt32BE(at + 24),
    }
  }

  /** Sets the slot of a time. */
  set(timeMs: number, slot: TimerSlot): void {
    const time = timeMs / this.#precisionMs
    const index = time % this.#slotCount
    const pageIndex = Math.floor(index / slotsInPage)
    const page = this.#page(pageIndex)
    const at = (index % slotsInPage) * slotBytes
    writeInt64(page.bytes, time, at)
    writeInt64(page.bytes, slot.firstPosition, at + 8)
    writeInt64(page.bytes, slot.lastPosition, at + 16)
    putInt32(page.bytes, slot.count, at + 24)
    putInt32(page.bytes, 0, at + 28)
    this.#changed.add(pageIndex)
    page.latest = Math.max(page.latest, time)
  }

  /** The first time from `fromMs` on, and before `untilMs`, that has units. */
  nextUsed(fromMs: number, untilMs: number): number | undefined {
    const last = Math.min(untilMs, fromMs + this.spanMs) / this.#precisionMs
    for (let time = fromMs / this.#precisionMs; time < last; ) {
      const index = time % this.#slotCount
      const page = this.#page(Math.floor(index / slotsInPage))
      const inPage = index % slotsInPage
      if (page.latest < time) {
        time += Math.min(slotsInPage - inPage, this.#slotCount - index)
        continue
      }
      if (readInt64(page.bytes, inPage * slotBytes) === time) return time * this.#precisionMs
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
    this.#pages.length = 0
    this.#changed.clear()
    this.#files.remove(this.#path)
    this.#files.create(this.#path, this.#slotCount * slotBytes)
    this.#isUnsynced = true
  }

  /** Writes changed pages. */
  write(): void {
    for (const index of this.#changed) {
      this.#files.open(this.#path).write(this.#page(index).bytes, index * pageBytes)
      this.#isUnsynced = true
    }
    this.#changed.clear()
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

  #page(index: number): Page {
    const known = this.#pages[index]
    if (known !== undefined) return known
    const bytes = Buffer.alloc(pageBytes)
    this.#files.open(this.#path).read(bytes, index * pageBytes)
    let latest = 0
    for (let at = 0; at < pageBytes; at += slotBytes) latest = Math.max(latest, readInt64(bytes, at))
    const page = { bytes, latest }
    this.#pages[index] = page
    return page
  }
}
