import { dirname } from 'node:path'
import { assert, firstIndexWhere } from '@rocketmq-ts/base'
import type { Log } from '@rocketmq-ts/platform'
import {
  blankRecordBytes,
  EncodedProperties,
  readRecord,
  recordPosition,
  writeBlankRecord,
  writeInt64,
} from '@rocketmq-ts/protocol'
import { isRecordAt } from '../log/stretch.ts'
import type { StoreFiles } from '../store-files.ts'
import { type CompactionUnit, compactionUnitBytes, endUnit, putCompactionUnit, readCompactionUnit } from './unit.ts'

/** Sizes of the files of a compacted log, in bytes. */
export interface RecordFileSizes {
  records: number
  /** A multiple of 46. */
  units: number
}

/**
 * The sizes that the official broker makes of its settings.
 * @param recordBytes compactionMappedFileSize
 * @param unitBytes compactionCqMappedFileSize
 */
export function recordFileSizes(recordBytes: number, unitBytes: number): RecordFileSizes {
  const units = unitBytes - (unitBytes % compactionUnitBytes)
  const count = Math.floor(recordBytes / units)
  if (count < 5) return { units, records: 5 * units }
  const rest = recordBytes % units
  return { units, records: (rest > 0 && rest < units >> 1 ? count : count + 1) * units }
}

/** A file of records and the file of their units, which have the same name: the position of the first record. */
export interface FilePair {
  readonly start: number
  unitCount: number
  /** Behind the last record. */
  end: number
  firstOffset: number
  lastOffset: number
  /** Whether something of it may not survive a power failure. */
  isUnsynced: boolean
  /** How often something was written to it. */
  changeCount: number
  isSealed: boolean
}

/** Where the files are. */
export interface RecordFolders {
  records: string
  units: string
}

/** What of the last pair is in the files. */
interface Written {
  unitCount: number
  end: number
  lastOffset: number
}

/** The folder in a folder of files where new ones are made. The official broker makes its own there, and reads none. */
export const makingFolder = 'compacting'
const gatherBytes = 256 * 1024
const gatheredUnitsMax = 1024
const endBytes = endUnit()

export function pairName(start: number): string {
  return String(start).padStart(20, '0')
}

/**
 * The files of one compacted queue: records as the commit log has them, but for their position, which is the one here.
 * They ascend by queue offset, with gaps. Files may be missing between others: their names then leave a gap too.
 */
export class RecordFiles {
  readonly folders: RecordFolders
  readonly sizes: RecordFileSizes
  readonly #files: StoreFiles
  readonly #log: Log
  #pairs: FilePair[] = []
  /** Where the next file starts at the earliest. */
  #nextStart: number
  #written: Written = { unitCount: 0, end: 0, lastOffset: -1 }
  #gathered = Buffer.alloc(0)
  #gatheredBytes = 0
  readonly #units: CompactionUnit[] = []

  /** @param nextStart where the first new file starts at the earliest */
  constructor(files: StoreFiles, folders: RecordFolders, sizes: RecordFileSizes, log: Log, nextStart = 0) {
    this.#files = files
    this.folders = folders
    this.sizes = sizes
    this.#log = log
    this.#nextStart = nextStart
  }

  /** Ascending. */
  get pairs(): readonly FilePair[] {
    return this.#pairs
  }

  /** The queue offset of the first message; undefined without any. */
  get firstOffset(): number | undefined {
    return this.#pairs[0]?.firstOffset
  }

  /** The queue offset of the last message; -1 without any. */
  get lastOffset(): number {
    return this.#pairs.at(-1)?.lastOffset ?? -1
  }

  /** Bytes of all records. */
  get byteCount(): number {
    return this.#pairs.reduce((sum, { start, end }) => sum + end - start, 0)
  }

  recordsPath({ start }: { start: number }): string {
    return `${this.folders.records}/${pairName(start)}`
  }

  unitsPath({ start }: { start: number }): string {
    return `${this.folders.units}/${pairName(start)}`
  }

  /** Finds the files of an earlier process. A file of units that is missing or belongs to other records is made again. */
  load(): void {
    const { fileSystem } = this.#files
    const startsIn = (path: string): number[] =>
      fileSystem
        .list(path)
        .filter((name) => /^\d{20}$/.test(name))
        .map(Number)
    for (const start of startsIn(this.folders.units)) {
      if (fileSystem.status(this.recordsPath({ start })) === undefined) this.#files.remove(this.unitsPath({ start }))
    }
    for (const start of startsIn(this.folders.records)) {
      const pair = this.#load(start)
      this.#nextStart = Math.max(this.#nextStart, start + this.sizes.records)
      if (pair.unitCount > 0 && pair.firstOffset > this.lastOffset) {
        this.#pairs.push(pair)
        continue
      }
      if (pair.unitCount > 0) {
        this.#log.error(
          { path: this.recordsPath(pair), firstOffset: pair.firstOffset, lastOffset: this.lastOffset },
          'a file of a compacted log has messages that those before it have, too: it is removed',
        )
      }
      this.#remove(pair)
    }
    this.#noteWritten()
  }

  /** Appends a record behind those with smaller queue offsets. It is in the files after `flush`. */
  append(record: Buffer, unit: Omit<CompactionUnit, 'position' | 'totalSize'>): void {
    assert(unit.queueOffset > this.lastOffset, `offset ${unit.queueOffset} does not come behind ${this.lastOffset}`)
    assert(record.length + blankRecordBytes <= this.sizes.records, `a record of ${record.length} bytes fits no file`)
    const pair = this.#roomFor(record.length)
    if (this.#gatheredBytes + record.length > this.#gathered.length) {
      this.flush()
      const byteCount = Math.max(gatherBytes, record.length)
      if (this.#gathered.length < byteCount) this.#gathered = Buffer.allocUnsafeSlow(byteCount)
    }
    record.copy(this.#gathered, this.#gatheredBytes)
    writeInt64(this.#gathered, pair.end, this.#gatheredBytes + recordPosition.physicalOffset)
    this.#gatheredBytes += record.length
    this.#units.push({ ...unit, position: pair.end, totalSize: record.length })
    if (pair.unitCount === 0) pair.firstOffset = unit.queueOffset
    pair.unitCount++
    pair.end += record.length
    pair.lastOffset = unit.queueOffset
    if (this.#units.length >= gatheredUnitsMax) this.flush()
  }

  /**
   * Writes what was appended, records before units.
   * @throws the file system's errors; what was appended since the last flush is forgotten then
   */
  flush(): void {
    const pair = this.#pairs.at(-1)
    if (pair === undefined || this.#units.length === 0) return
    const units = Buffer.allocUnsafe(this.#units.length * compactionUnitBytes)
    for (const [index, unit] of this.#units.entries()) putCompactionUnit(units, index * compactionUnitBytes, unit)
    noteChange(pair)
    try {
      const records = this.#gathered.subarray(0, this.#gatheredBytes)
      this.#files.open(this.recordsPath(pair)).write(records, this.#written.end - pair.start)
      this.#files.open(this.unitsPath(pair)).write(units, this.#written.unitCount * compactionUnitBytes)
    } catch (error) {
      this.forget()
      throw error
    }
    this.#units.length = 0
    this.#gatheredBytes = 0
    this.#noteWritten()
  }

  /** Forgets what was appended since the last flush. */
  forget(): void {
    this.#units.length = 0
    this.#gatheredBytes = 0
    const pair = this.#pairs.at(-1)
    if (pair === undefined) return
    const { unitCount, end, lastOffset } = this.#written
    pair.unitCount = unitCount
    pair.end = end
    pair.lastOffset = lastOffset
    if (unitCount > 0) return
    this.#pairs.pop()
    this.#remove(pair)
    this.#noteWritten()
  }

  /** Ends the last file: what comes next stands in another one, which starts at `nextStart` at the earliest. */
  seal(nextStart = 0): void {
    this.flush()
    this.#nextStart = Math.max(this.#nextStart, nextStart)
    const pair = this.#pairs.at(-1)
    if (pair === undefined || pair.isSealed) return
    noteChange(pair)
    const blank = Buffer.alloc(blankRecordBytes)
    writeBlankRecord(blank, 0, pair.start + this.sizes.records - pair.end)
    this.#files.open(this.recordsPath(pair)).write(blank, pair.end - pair.start)
    this.#files.open(this.unitsPath(pair)).write(endBytes, pair.unitCount * compactionUnitBytes)
    pair.isSealed = true
  }

  /** Removes everything from a queue offset on. */
  cut(queueOffset: number): void {
    this.forget()
    for (;;) {
      const pair = this.#pairs.at(-1)
      if (pair === undefined || pair.lastOffset < queueOffset) break
      if (pair.firstOffset >= queueOffset) {
        this.#pairs.pop()
        this.#remove(pair)
        continue
      }
      // What a power failure tore stands behind what is left, and is cut off with it.
      const unitCount = firstIndexWhere(
        0,
        pair.unitCount,
        (index) => (this.#unitAt(pair, index)?.queueOffset ?? queueOffset) >= queueOffset,
      )
      const last = this.#unitAt(pair, unitCount - 1)!
      pair.unitCount = unitCount
      pair.lastOffset = last.queueOffset
      pair.end = last.position + last.totalSize
    }
    const pair = this.#pairs.at(-1)
    if (pair !== undefined) {
      // Nothing old may stand behind the last record. Units go first: each leads to a record whenever the process dies.
      this.#clear(this.unitsPath(pair), pair.unitCount * compactionUnitBytes, this.sizes.units)
      this.#clear(this.recordsPath(pair), pair.end - pair.start, this.sizes.records)
      pair.isSealed = false
      noteChange(pair)
    }
    this.#noteWritten()
  }

  /** Takes other files in place of the first ones: those that stand for them. */
  replaceFirst(count: number, made: readonly FilePair[]): void {
    const replaced = this.#pairs.slice(0, count)
    this.#pairs = [...made, ...this.#pairs.slice(count)]
    for (const pair of replaced) this.#remove(pair)
    this.#noteWritten()
  }

  /** The first unit from a queue offset on; undefined without one. Reads files. */
  unitFrom(queueOffset: number): CompactionUnit | undefined {
    const pair = this.#pairs[this.pairFrom(queueOffset)]
    return (
      pair &&
      this.#unitAt(
        pair,
        firstIndexWhere(0, pair.unitCount, (index) => this.#offsetAt(pair, index) >= queueOffset),
      )
    )
  }

  /** The first unit whose message was stored at a time or later; undefined without one. Reads files. */
  unitSince(timestampMs: number): CompactionUnit | undefined {
    const isLater = (pair: FilePair, index: number): boolean =>
      (this.#unitAt(pair, index)?.storeTimestamp ?? Number.POSITIVE_INFINITY) >= timestampMs
    const pair = this.#pairs.find((one) => isLater(one, one.unitCount - 1))
    return (
      pair &&
      this.#unitAt(
        pair,
        firstIndexWhere(0, pair.unitCount, (index) => isLater(pair, index)),
      )
    )
  }

  /** The last queue offset before one; undefined without any. Reads files. */
  lastBefore(queueOffset: number): number | undefined {
    const at = this.pairFrom(queueOffset)
    const pair = this.#pairs[at]
    const index = pair && firstIndexWhere(0, pair.unitCount, (one) => this.#offsetAt(pair, one) >= queueOffset)
    return pair !== undefined && index! > 0 ? this.#offsetAt(pair, index! - 1) : this.#pairs[at - 1]?.lastOffset
  }

  /** The index of the first pair with messages from a queue offset on. */
  pairFrom(queueOffset: number): number {
    return firstIndexWhere(0, this.#pairs.length, (index) => this.#pairs[index]!.lastOffset >= queueOffset)
  }

  /** The index of the first unit of a pair from a queue offset on. */
  async indexFrom(pair: FilePair, queueOffset: number): Promise<number> {
    if (queueOffset <= pair.firstOffset) return 0
    let [low, high] = [0, pair.unitCount]
    while (low < high) {
      const middle = low + Math.floor((high - low) / 2)
      const [unit] = await this.units(pair, middle, 1)
      if (unit === undefined || unit.queueOffset >= queueOffset) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Units of a pair from an index on. */
  async units(pair: FilePair, index: number, countMax: number): Promise<CompactionUnit[]> {
    const count = Math.min(countMax, pair.unitCount - index)
    if (count <= 0) return []
    const bytes = Buffer.allocUnsafe(count * compactionUnitBytes)
    await this.#files.open(this.unitsPath(pair)).readLater(bytes, index * compactionUnitBytes)
    const units: CompactionUnit[] = []
    for (let at = 0; at < bytes.length; at += compactionUnitBytes) {
      const unit = readCompactionUnit(bytes, at)
      if (unit === undefined) break
      units.push(unit)
    }
    return units
  }

  /** Bytes of the file of records, from a position of the log on. */
  async bytesFrom(pair: FilePair, position: number, byteCount: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(byteCount)
    const filled = await this.#files.open(this.recordsPath(pair)).readLater(bytes, position - pair.start)
    return bytes.subarray(0, filled)
  }

  /** Makes what is written survive a power failure. */
  async sync(): Promise<void> {
    for (const pair of this.#pairs.filter(({ isUnsynced }) => isUnsynced)) {
      const { changeCount } = pair
      // Files are removed while others are synced.
      for (const path of [this.recordsPath(pair), this.unitsPath(pair)]) {
        if (this.#files.fileSystem.status(path) !== undefined) await this.#files.open(path).syncData()
      }
      // What was written meanwhile is for the next sync, or for the one at the end, which does not wait for this one.
      if (pair.changeCount === changeCount) pair.isUnsynced = false
    }
    for (const path of [this.folders.records, this.folders.units]) await this.#files.syncNamesLater(path)
  }

  syncNow(): void {
    for (const pair of this.#pairs.filter(({ isUnsynced }) => isUnsynced)) {
      this.#files.open(this.recordsPath(pair)).syncDataNow()
      this.#files.open(this.unitsPath(pair)).syncDataNow()
      pair.isUnsynced = false
    }
    for (const path of [this.folders.records, this.folders.units]) this.#files.syncNames(path)
  }

  #roomFor(byteCount: number): FilePair {
    const pair = this.#pairs.at(-1)
    const hasRoom =
      pair !== undefined &&
      !pair.isSealed &&
      // There is room for the blank record and the unit that end the files.
      (pair.unitCount + 1) * compactionUnitBytes < this.sizes.units &&
      pair.end + byteCount + blankRecordBytes <= pair.start + this.sizes.records
    if (hasRoom) return pair
    this.seal()
    const start = Math.max(this.#nextStart, pair === undefined ? 0 : pair.start + this.sizes.records)
    const made: FilePair = {
      start,
      unitCount: 0,
      end: start,
      firstOffset: -1,
      lastOffset: this.lastOffset,
      isUnsynced: true,
      changeCount: 0,
      isSealed: false,
    }
    this.#files.makeFolder(this.folders.records)
    this.#files.makeFolder(this.folders.units)
    this.#files.create(this.recordsPath(made), this.sizes.records)
    this.#files.create(this.unitsPath(made), this.sizes.units)
    this.#nextStart = start + this.sizes.records
    this.#pairs.push(made)
    this.#noteWritten()
    return made
  }

  #noteWritten(): void {
    const { unitCount = 0, end = 0, lastOffset = -1 } = this.#pairs.at(-1) ?? {}
    this.#written = { unitCount, end, lastOffset }
  }

  #load(start: number): FilePair {
    this.#makeFull(this.recordsPath({ start }), this.sizes.records)
    this.#makeFull(this.unitsPath({ start }), this.sizes.units)
    const pair = this.#measured(start)
    if (this.#isWhole(pair)) return pair
    this.#makeUnits(start)
    return this.#measured(start)
  }

  /** A process that died between making a file and giving it its size left a short one. */
  #makeFull(path: string, byteCount: number): void {
    const size = this.#files.fileSystem.status(path)?.sizeBytes
    if (size === undefined) {
      this.#files.makeFolder(dirname(path))
      this.#files.create(path, byteCount)
    } else if (size < byteCount) this.#files.open(path).truncate(byteCount)
  }

  #measured(start: number): FilePair {
    const pair = {
      start,
      unitCount: 0,
      end: start,
      firstOffset: -1,
      lastOffset: -1,
      isUnsynced: false,
      changeCount: 0,
      isSealed: false,
    }
    const unitsMax = this.sizes.units / compactionUnitBytes
    pair.unitCount = firstIndexWhere(0, unitsMax, (index) => this.#unitAt(pair, index) === undefined)
    const first = this.#unitAt(pair, 0)
    const last = this.#unitAt(pair, pair.unitCount - 1)
    if (first === undefined || last === undefined) return { ...pair, unitCount: 0 }
    const end = last.position + last.totalSize
    return { ...pair, firstOffset: first.queueOffset, lastOffset: last.queueOffset, end }
  }

  /** Whether the first and the last unit lead to their records. */
  #isWhole(pair: FilePair): boolean {
    return [0, pair.unitCount - 1].every((index) => {
      const unit = this.#unitAt(pair, index)
      if (unit === undefined) return false
      const bytes = Buffer.alloc(unit.totalSize)
      this.#files.open(this.recordsPath(pair)).read(bytes, unit.position - pair.start)
      if (!isRecordAt(bytes, unit.position)) return false
      const reading = readRecord(bytes, 0)
      return reading.kind === 'record' && reading.record.queueOffset === unit.queueOffset
    })
  }

  /**
   * Makes the units of a file again from its records. The file of units is there when it has all of them: otherwise the
   * next start makes it once more.
   */
  #makeUnits(start: number): void {
    const path = this.unitsPath({ start })
    const folder = `${this.folders.units}/${makingFolder}`
    const made = `${folder}/${pairName(start)}`
    this.#files.makeFolder(folder)
    this.#files.create(made, 0)
    const units = this.#files.open(made)
    units.truncate(0)
    units.truncate(this.sizes.units)
    for (const [index, unit] of this.#unitsOfRecords(start).entries()) {
      const bytes = Buffer.alloc(compactionUnitBytes)
      putCompactionUnit(bytes, 0, unit)
      units.write(bytes, index * compactionUnitBytes)
    }
    units.syncDataNow()
    this.#files.remove(path)
    this.#files.rename(made, path)
  }

  #unitsOfRecords(start: number): CompactionUnit[] {
    const units: CompactionUnit[] = []
    const file = this.#files.open(this.recordsPath({ start }))
    const head = Buffer.alloc(blankRecordBytes)
    let lastOffset = -1
    for (let at = 0; (units.length + 1) * compactionUnitBytes < this.sizes.units; ) {
      if (file.read(head, at) < head.length) break
      const totalSize = head.readInt32BE(0)
      if (totalSize <= 0 || at + totalSize > this.sizes.records) break
      const bytes = Buffer.alloc(totalSize)
      file.read(bytes, at)
      if (!isRecordAt(bytes, start + at)) break
      const reading = readRecord(bytes, 0)
      if (reading.kind !== 'record' || reading.record.queueOffset <= lastOffset) break
      const { queueOffset, storeTimestamp, propertiesStart, propertiesEnd } = reading.record
      const tagsCode = new EncodedProperties(bytes.subarray(propertiesStart, propertiesEnd)).hash('tags')
      units.push({ position: start + at, totalSize, tagsCode, storeTimestamp, queueOffset })
      lastOffset = queueOffset
      at += totalSize
    }
    return units
  }

  #offsetAt(pair: FilePair, index: number): number {
    return this.#unitAt(pair, index)?.queueOffset ?? Number.POSITIVE_INFINITY
  }

  /** The unit with an index, when there is one that leads into the file of records. */
  #unitAt(pair: FilePair, index: number): CompactionUnit | undefined {
    if (index < 0) return undefined
    const bytes = Buffer.alloc(compactionUnitBytes)
    this.#files.open(this.unitsPath(pair)).read(bytes, index * compactionUnitBytes)
    const unit = readCompactionUnit(bytes, 0)
    if (unit === undefined || unit.position < pair.start) return undefined
    return unit.position + unit.totalSize <= pair.start + this.sizes.records ? unit : undefined
  }

  #clear(path: string, from: number, byteCount: number): void {
    const file = this.#files.open(path)
    file.truncate(from)
    file.truncate(byteCount)
  }

  #remove(pair: FilePair): void {
    for (const path of [this.recordsPath(pair), this.unitsPath(pair)]) {
      if (this.#files.fileSystem.status(path) !== undefined) this.#files.remove(path)
    }
  }
}

function noteChange(pair: FilePair): void {
  pair.isUnsynced = true
  pair.changeCount++
}
