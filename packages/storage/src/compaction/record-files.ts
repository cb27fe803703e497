import { dirname } from 'node:path'
import { assert, firstIndexWhere } from '@rocketmq-ts/base'
import type { Log } from '@rocketmq-ts/platform'
import { blankRecordBytes, recordPosition, writeBlankRecord, writeInt64 } from '@rocketmq-ts/protocol'
import type { StoreFiles } from '../store-files.ts'
import { type FilePair, isPairName, PairFiles, type RecordFileSizes, type RecordFolders } from './pair-files.ts'
import { type CompactionUnit, compactionUnitBytes, endUnit, putCompactionUnit } from './unit.ts'

/** What of the last pair is in the files. */
interface Written {
  unitCount: number
  end: number
  lastOffset: number
}

const gatherBytes = 256 * 1024
const gatheredUnitsMax = 1024
const endBytes = endUnit()
/** Of folders: those of a queue, its topic, all topics, all compacted logs, and the store. */
const levels = 5

/**
 * The files of one compacted queue: records as the commit log has them, but for their position, which is the one here.
 * They ascend by queue offset, with gaps. Files may be missing between others: their names then leave a gap too.
 */
export class RecordFiles {
  readonly pairFiles: PairFiles
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
    this.pairFiles = new PairFiles(files, folders, sizes)
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

  /**
   * Finds the files of an earlier process. A file of units that is missing or belongs to other records is made again.
   * @param mayBeUnsynced whether that process may have left something that a failure of the power takes
   */
  load(mayBeUnsynced: boolean): void {
    const { fileSystem } = this.#files
    const startsIn = (path: string): number[] => fileSystem.list(path).filter(isPairName).map(Number)
    for (const start of startsIn(this.pairFiles.folders.units)) {
      if (fileSystem.status(this.pairFiles.recordsPath({ start })) === undefined)
        this.#files.remove(this.pairFiles.unitsPath({ start }))
    }
    for (const start of startsIn(this.pairFiles.folders.records)) {
      const pair = this.pairFiles.load(start)
      this.#nextStart = Math.max(this.#nextStart, start + this.pairFiles.sizes.records)
      if (pair.unitCount > 0 && pair.firstOffset > this.lastOffset) {
        pair.isUnsynced = mayBeUnsynced
        this.#pairs.push(pair)
        continue
      }
      if (pair.unitCount > 0) {
        this.#log.error(
          { path: this.pairFiles.recordsPath(pair), firstOffset: pair.firstOffset, lastOffset: this.lastOffset },
          'a file of a compacted log has messages that those before it have, too: it is removed',
        )
      }
      this.pairFiles.remove(pair)
    }
    this.#noteWritten()
    if (!mayBeUnsynced || this.#pairs.length === 0) return
    // The names of the files, and those of the folders up to that of all compacted logs.
    for (const folder of [this.pairFiles.folders.records, this.pairFiles.folders.units]) {
      let path = folder
      for (let level = 0; level < levels; level++, path = dirname(path)) this.#files.noteNames(path)
    }
  }

  /** Appends a record behind those with smaller queue offsets. It is in the files after `flush`. */
  append(record: Buffer, unit: Omit<CompactionUnit, 'position' | 'totalSize'>): void {
    assert(unit.queueOffset > this.lastOffset, `offset ${unit.queueOffset} does not come behind ${this.lastOffset}`)
    assert(
      record.length + blankRecordBytes <= this.pairFiles.sizes.records,
      `a record of ${record.length} bytes fits no file`,
    )
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
      this.#files.open(this.pairFiles.recordsPath(pair)).write(records, this.#written.end - pair.start)
      this.#files.open(this.pairFiles.unitsPath(pair)).write(units, this.#written.unitCount * compactionUnitBytes)
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
    this.pairFiles.remove(pair)
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
    writeBlankRecord(blank, 0, pair.start + this.pairFiles.sizes.records - pair.end)
    this.#files.open(this.pairFiles.recordsPath(pair)).write(blank, pair.end - pair.start)
    this.#files.open(this.pairFiles.unitsPath(pair)).write(endBytes, pair.unitCount * compactionUnitBytes)
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
        this.pairFiles.remove(pair)
        continue
      }
      // What a power failure tore stands behind what is left, and is cut off with it.
      const unitCount = firstIndexWhere(
        0,
        pair.unitCount,
        (index) => (this.pairFiles.unitAt(pair, index)?.queueOffset ?? queueOffset) >= queueOffset,
      )
      const last = this.pairFiles.unitAt(pair, unitCount - 1)!
      pair.unitCount = unitCount
      pair.lastOffset = last.queueOffset
      pair.end = last.position + last.totalSize
    }
    const pair = this.#pairs.at(-1)
    if (pair !== undefined) {
      // Nothing old may stand behind the last record. Units go first: each leads to a record whenever the process dies.
      this.pairFiles.clear(
        this.pairFiles.unitsPath(pair),
        pair.unitCount * compactionUnitBytes,
        this.pairFiles.sizes.units,
      )
      this.pairFiles.clear(this.pairFiles.recordsPath(pair), pair.end - pair.start, this.pairFiles.sizes.records)
      pair.isSealed = false
      noteChange(pair)
    }
    this.#noteWritten()
  }

  /** Takes other files in place of the first ones: those that stand for them. */
  replaceFirst(count: number, made: readonly FilePair[]): void {
    const replaced = this.#pairs.slice(0, count)
    this.#pairs = [...made, ...this.#pairs.slice(count)]
    for (const pair of replaced) this.pairFiles.remove(pair)
    this.#noteWritten()
  }

  /** The first unit from a queue offset on; undefined without one. Reads files. */
  unitFrom(queueOffset: number): CompactionUnit | undefined {
    const pair = this.#pairs[this.pairFrom(queueOffset)]
    return (
      pair &&
      this.pairFiles.unitAt(
        pair,
        firstIndexWhere(0, pair.unitCount, (index) => this.pairFiles.offsetAt(pair, index) >= queueOffset),
      )
    )
  }

  /** The first unit whose message was stored at a time or later; undefined without one. Reads files. */
  unitSince(timestampMs: number): CompactionUnit | undefined {
    const isLater = (pair: FilePair, index: number): boolean =>
      (this.pairFiles.unitAt(pair, index)?.storeTimestamp ?? Number.POSITIVE_INFINITY) >= timestampMs
    const pair = this.#pairs.find((one) => isLater(one, one.unitCount - 1))
    return (
      pair &&
      this.pairFiles.unitAt(
        pair,
        firstIndexWhere(0, pair.unitCount, (index) => isLater(pair, index)),
      )
    )
  }

  /** The last queue offset before one; undefined without any. Reads files. */
  lastBefore(queueOffset: number): number | undefined {
    const at = this.pairFrom(queueOffset)
    const pair = this.#pairs[at]
    const index = pair && firstIndexWhere(0, pair.unitCount, (one) => this.pairFiles.offsetAt(pair, one) >= queueOffset)
    return pair !== undefined && index! > 0
      ? this.pairFiles.offsetAt(pair, index! - 1)
      : this.#pairs[at - 1]?.lastOffset
  }

  /** The index of the first pair with messages from a queue offset on. */
  pairFrom(queueOffset: number): number {
    return firstIndexWhere(0, this.#pairs.length, (index) => this.#pairs[index]!.lastOffset >= queueOffset)
  }

  /** Makes what is written survive a power failure. */
  async sync(): Promise<void> {
    for (const pair of this.#pairs.filter(({ isUnsynced }) => isUnsynced)) {
      const { changeCount } = pair
      // Files are removed while others are synced.
      for (const path of [this.pairFiles.recordsPath(pair), this.pairFiles.unitsPath(pair)]) {
        if (this.#files.fileSystem.status(path) !== undefined) await this.#files.open(path).syncData()
      }
      // What was written meanwhile is for the next sync, or for the one at the end, which does not wait for this one.
      if (pair.changeCount === changeCount) pair.isUnsynced = false
    }
    for (const path of [this.pairFiles.folders.records, this.pairFiles.folders.units])
      await this.#files.syncNamesLater(path)
  }

  syncNow(): void {
    for (const pair of this.#pairs.filter(({ isUnsynced }) => isUnsynced)) {
      this.#files.open(this.pairFiles.recordsPath(pair)).syncDataNow()
      this.#files.open(this.pairFiles.unitsPath(pair)).syncDataNow()
      pair.isUnsynced = false
    }
    for (const path of [this.pairFiles.folders.records, this.pairFiles.folders.units]) this.#files.syncNames(path)
  }

  #roomFor(byteCount: number): FilePair {
    const pair = this.#pairs.at(-1)
    const hasRoom =
      pair !== undefined &&
      !pair.isSealed &&
      // There is room for the blank record and the unit that end the files.
      (pair.unitCount + 1) * compactionUnitBytes < this.pairFiles.sizes.units &&
      pair.end + byteCount + blankRecordBytes <= pair.start + this.pairFiles.sizes.records
    if (hasRoom) return pair
    this.seal()
    const start = Math.max(this.#nextStart, pair === undefined ? 0 : pair.start + this.pairFiles.sizes.records)
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
    this.#files.makeFolder(this.pairFiles.folders.records)
    this.#files.makeFolder(this.pairFiles.folders.units)
    this.#files.create(this.pairFiles.recordsPath(made), this.pairFiles.sizes.records)
    this.#files.create(this.pairFiles.unitsPath(made), this.pairFiles.sizes.units)
    this.#nextStart = start + this.pairFiles.sizes.records
    this.#pairs.push(made)
    this.#noteWritten()
    return made
  }

  #noteWritten(): void {
    const { unitCount = 0, end = 0, lastOffset = -1 } = this.#pairs.at(-1) ?? {}
    this.#written = { unitCount, end, lastOffset }
  }
}

function noteChange(pair: FilePair): void {
  pair.isUnsynced = true
  pair.changeCount++
}
