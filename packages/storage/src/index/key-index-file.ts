import { assert } from '@rocketmq-ts/base'
import type { FileHandle, FileSystem } from '@rocketmq-ts/platform'
import { putInt32, readInt64, writeInt64 } from '@rocketmq-ts/protocol'
import { isDiskFull } from '../write-guard.ts'

const headerBytes = 40

/**
 * What an index file begins with:
 *
 *     beginTimestamp 8 | endTimestamp 8 | beginPhysicalOffset 8 | endPhysicalOffset 8 | usedSlots 4 | nextEntry 4
 */
interface KeyIndexHeader {
  beginTimestamp: number
  endTimestamp: number
  beginPhysicalOffset: number
  endPhysicalOffset: number
  usedSlotCount: number
  /** Number of the next entry, counted from 1. */
  nextEntry: number
}

export function decodeKeyIndexHeader(bytes: Buffer): KeyIndexHeader {
  return {
    beginTimestamp: readInt64(bytes, 0),
    endTimestamp: readInt64(bytes, 8),
    beginPhysicalOffset: readInt64(bytes, 16),
    endPhysicalOffset: readInt64(bytes, 24),
    usedSlotCount: bytes.readInt32BE(32),
    nextEntry: bytes.readInt32BE(36),
  }
}

function encodeKeyIndexHeader(header: KeyIndexHeader): Buffer {
  const bytes = Buffer.alloc(headerBytes)
  writeInt64(bytes, header.beginTimestamp, 0)
  writeInt64(bytes, header.endTimestamp, 8)
  writeInt64(bytes, header.beginPhysicalOffset, 16)
  writeInt64(bytes, header.endPhysicalOffset, 24)
  putInt32(bytes, header.usedSlotCount, 32)
  putInt32(bytes, header.nextEntry, 36)
  return bytes
}

/**
 * An index file:
 *
 *     header 40
 *     | slots (latest entry 4)*
 *     | entries (keyHash 4 | physicalOffset 8 | seconds since beginTimestamp 4 | previous entry of the slot 4)*
 *
 * Entries count from 1; slot = keyHash % number of slots; 0 ends a chain.
 */
const slotBytes = 4
const entryBytes = 20
const pageSlots = 1024
const gatheredEntries = 16_384
/** The most entries that wait to be linked. */
const unlinkedMax = 256

export interface KeyIndexFileSize {
  slotCount: number
  /** One more than the entries that fit, since entry 0 is never used. */
  entryCountMax: number
}

export interface IndexedPosition {
  physicalOffset: number
  /** Milliseconds, to the second. */
  storeTimestamp: number
}

/** One file of the key index. New entries gather in memory, where the slots of the file being filled are too. */
export class KeyIndexFile {
  readonly path: string
  readonly #file: FileHandle
  readonly #size: KeyIndexFileSize
  readonly #header: KeyIndexHeader
  #slots: Int32Array | undefined
  /** Memory for the slots, which another file no longer needs. */
  #spareSlots: Int32Array | undefined
  #changedPages: Uint8Array | undefined
  #gathered: Buffer | undefined
  /** Entries before it are in the file. */
  #writtenEntry: number
  /** Entries from here on are not in the slots yet. */
  #linkedEntry: number

  /** @param spareSlots memory for the slots, from {@link finish} of the previous file; fresh memory by default */
  constructor(fileSystem: FileSystem, path: string, size: KeyIndexFileSize, spareSlots?: Int32Array) {
    this.path = path
    this.#spareSlots = spareSlots?.length === size.slotCount ? spareSlots : undefined
    this.#size = size
    const isNew = fileSystem.status(path) === undefined
    this.#file = fileSystem.open(path, 'create')
    const header = Buffer.alloc(headerBytes)
    if (isNew) this.#file.truncate(this.#fullBytes)
    else this.#file.read(header, 0)
    this.#header = decodeKeyIndexHeader(header)
    this.#header.nextEntry = Math.min(Math.max(1, this.#header.nextEntry), size.entryCountMax)
    this.#writtenEntry = this.#header.nextEntry
    this.#linkedEntry = this.#header.nextEntry
  }

  get beginTimestamp(): number {
    return this.#header.beginTimestamp
  }

  get endTimestamp(): number {
    return this.#header.endTimestamp
  }

  /** Messages up to this position of the log are indexed. */
  get endPhysicalOffset(): number {
    return this.#header.endPhysicalOffset
  }

  /** Whether the file has the size that its slots and entries need. */
  get isWhole(): boolean {
    return this.#file.sizeBytes() === this.#fullBytes
  }

  get isEmpty(): boolean {
    return this.#header.nextEntry === 1
  }

  /** Whether `count` further entries fit. */
  hasRoomFor(count: number): boolean {
    return this.#header.nextEntry + count <= this.#size.entryCountMax
  }

  add(hash: number, physicalOffset: number, storeTimestamp: number): void {
    const header = this.#header
    if (this.isEmpty) {
      header.beginTimestamp = storeTimestamp
      header.beginPhysicalOffset = physicalOffset
    }
    if (this.#slots === undefined) this.#loadSlots()
    const at = this.#roomForEntry()
    const seconds = Math.floor((storeTimestamp - header.beginTimestamp) / 1000)
    const gathered = this.#gathered!
    putInt32(gathered, hash, at)
    writeInt64(gathered, physicalOffset, at + 4)
    putInt32(gathered, Math.min(Math.max(seconds, 0), 0x7fffffff), at + 12)
    header.nextEntry++
    header.endTimestamp = storeTimestamp
    header.endPhysicalOffset = physicalOffset
    if (header.nextEntry - this.#linkedEntry === unlinkedMax) this.#link()
  }

  /** Entries with this hash, newest first. */
  *find(hash: number): Generator<IndexedPosition> {
    this.#link()
    let entry = this.#slotValue(hash % this.#size.slotCount)
    const bytes = Buffer.alloc(entryBytes)
    while (entry > 0 && entry < this.#header.nextEntry) {
      this.#readEntry(entry, bytes)
      if (bytes.readInt32BE(0) === hash) {
        const storeTimestamp = this.beginTimestamp + bytes.readInt32BE(12) * 1000
        yield { physicalOffset: readInt64(bytes, 4), storeTimestamp }
      }
      const previous = bytes.readInt32BE(16)
      if (previous >= entry) return // Chains lead to older entries only.
      entry = previous
    }
  }

  /**
   * Keeps the entries of messages before a position of the log, which must be whole, and makes the slots again from
   * them. Anything else in the file may be torn.
   */
  cutTo(logPosition: number): void {
    if (!this.isWhole) this.#file.truncate(this.#fullBytes)
    const slots = new Int32Array(this.#size.slotCount)
    const last = this.#collectEntries(slots, logPosition)
    this.#slots = slots
    this.#changedPages = new Uint8Array(Math.ceil(slots.length / pageSlots)).fill(1)
    this.#gathered = undefined
    this.#writtenEntry = this.#header.nextEntry
    this.#linkedEntry = this.#header.nextEntry
    this.#header.endTimestamp = this.beginTimestamp + (last.seconds + 1) * 1000 - 1
    this.#header.endPhysicalOffset = last.physicalOffset
    this.#header.usedSlotCount = slots.reduce((count, entry) => count + (entry === 0 ? 0 : 1), 0)
    this.write()
  }

  /** Brings everything to the file: entries, then the slots that lead to them, then the header that counts them. */
  write(): void {
    this.#writeEntries()
    if (this.#slots !== undefined) this.#writeSlots(this.#slots, this.#changedPages!)
    if (this.isEmpty) return
    this.#file.write(encodeKeyIndexHeader(this.#header), 0)
  }

  async sync(): Promise<void> {
    await this.#file.syncData()
  }

  syncNow(): void {
    this.#file.syncDataNow()
  }

  /**
   * Gives up the slots in memory; the file is only read from now on.
   * @returns their memory, for the next file
   */
  finish(): Int32Array | undefined {
    this.write()
    const slots = this.#slots
    this.#slots = undefined
    this.#changedPages = undefined
    this.#gathered = undefined
    return slots
  }

  close(): void {
    this.#file.close()
  }

  /**
   * Links the entries before the first that is torn, points at or behind `logPosition`, or is left from before a power
   * failure that took its message: such an entry can continue another chain, which leads past those in front of it.
   * @returns the last entry that is kept
   */
  #collectEntries(slots: Int32Array, logPosition: number): { physicalOffset: number; seconds: number } {
    const chunk = Buffer.alloc(gatheredEntries * entryBytes)
    let last = { physicalOffset: 0, seconds: 0 }
    for (let entry = 1; entry < this.#size.entryCountMax; ) {
      const filled = this.#file.read(chunk, this.#entryPosition(entry))
      for (let at = 0; at + entryBytes <= filled && entry < this.#size.entryCountMax; at += entryBytes) {
        const hash = chunk.readInt32BE(at)
        const physicalOffset = readInt64(chunk, at + 4)
        this.#header.nextEntry = entry
        if (hash < 0 || physicalOffset < last.physicalOffset || physicalOffset >= logPosition) return last
        if (isZero(chunk, at)) return last
        const slot = hash % slots.length
        if (chunk.readInt32BE(at + 16) !== slots[slot]) return last
        last = { physicalOffset, seconds: chunk.readInt32BE(at + 12) }
        slots[slot] = entry++
      }
      this.#header.nextEntry = entry
      if (filled < chunk.length) return last
    }
    return last
  }

  get #fullBytes(): number {
    return headerBytes + this.#size.slotCount * slotBytes + this.#size.entryCountMax * entryBytes
  }

  #entryPosition(entry: number): number {
    return headerBytes + this.#size.slotCount * slotBytes + entry * entryBytes
  }

  #readEntry(entry: number, target: Buffer): void {
    if (entry < this.#writtenEntry) {
      this.#file.read(target, this.#entryPosition(entry))
      return
    }
    const at = (entry - this.#writtenEntry) * entryBytes
    this.#gathered!.copy(target, 0, at, at + entryBytes)
  }

  #slotValue(slot: number): number {
    if (this.#slots !== undefined) return this.#slots[slot]!
    const bytes = Buffer.alloc(slotBytes)
    this.#file.read(bytes, headerBytes + slot * slotBytes)
    return this.#validEntry(bytes.readInt32BE(0))
  }

  /** A slot may lead to an entry that the header does not count, when the process died between the two writes. */
  #validEntry(entry: number): number {
    const bytes = Buffer.alloc(entryBytes)
    let valid = entry
    while (valid >= this.#header.nextEntry) {
      this.#file.read(bytes, this.#entryPosition(valid))
      const previous = bytes.readInt32BE(16)
      if (previous >= valid) return 0
      valid = previous
    }
    return Math.max(valid, 0)
  }

  #loadSlots(): void {
    const { slotCount } = this.#size
    const slots = this.#spareSlots?.fill(0) ?? new Int32Array(slotCount)
    this.#spareSlots = undefined
    if (!this.isEmpty) {
      const bytes = Buffer.from(slots.buffer)
      this.#file.read(bytes, headerBytes)
      bytes.swap32()
      for (let slot = 0; slot < slotCount; slot++) {
        if (slots[slot]! >= this.#header.nextEntry) slots[slot] = this.#validEntry(slots[slot]!)
      }
    }
    this.#slots = slots
    this.#changedPages = new Uint8Array(Math.ceil(slotCount / pageSlots))
  }

  /**
   * Links entries to their slots, many in one short loop: the slots of different keys lie far apart in memory, and this
   * way the processor waits for many cache misses at once.
   */
  #link(): void {
    const header = this.#header
    if (this.#linkedEntry === header.nextEntry) return
    const slots = this.#slots!
    const changedPages = this.#changedPages!
    const gathered = this.#gathered!
    const { slotCount } = this.#size
    for (let entry = this.#linkedEntry; entry < header.nextEntry; entry++) {
      const at = (entry - this.#writtenEntry) * entryBytes
      const slot = gathered.readInt32BE(at) % slotCount
      const previous = slots[slot]!
      putInt32(gathered, previous, at + 16)
      if (previous === 0) header.usedSlotCount++
      slots[slot] = entry
      changedPages[Math.floor(slot / pageSlots)] = 1
    }
    this.#linkedEntry = header.nextEntry
  }

  #roomForEntry(): number {
    this.#gathered ??= Buffer.allocUnsafeSlow(gatheredEntries * entryBytes)
    if ((this.#header.nextEntry - this.#writtenEntry) * entryBytes === this.#gathered.length) this.#writeOrEnlarge()
    return (this.#header.nextEntry - this.#writtenEntry) * entryBytes
  }

  /** On a full disk the entries wait in memory: their messages are in the log already. */
  #writeOrEnlarge(): void {
    try {
      this.#writeEntries()
    } catch (error) {
      if (!isDiskFull(error)) throw error
      const full = this.#gathered!
      this.#gathered = Buffer.allocUnsafeSlow(full.length * 2)
      full.copy(this.#gathered)
    }
  }

  #writeEntries(): void {
    this.#link()
    const count = this.#header.nextEntry - this.#writtenEntry
    if (count === 0) return
    assert(this.#gathered !== undefined, 'entries of an index file are neither written nor in memory')
    this.#file.write(this.#gathered.subarray(0, count * entryBytes), this.#entryPosition(this.#writtenEntry))
    this.#writtenEntry = this.#header.nextEntry
  }

  #writeSlots(slots: Int32Array, changedPages: Uint8Array): void {
    for (let page = 0; page < changedPages.length; page++) {
      if (changedPages[page] === 0) continue
      const first = page
      while (page < changedPages.length && changedPages[page] === 1) page++
      const run = slots.slice(first * pageSlots, page * pageSlots)
      const bytes = Buffer.from(run.buffer, run.byteOffset, run.byteLength)
      bytes.swap32()
      this.#file.write(bytes, headerBytes + first * pageSlots * slotBytes)
      changedPages.fill(0, first, page)
    }
  }
}

function isZero(bytes: Buffer, at: number): boolean {
  for (let index = at; index < at + entryBytes; index++) if (bytes[index] !== 0) return false
  return true
}
