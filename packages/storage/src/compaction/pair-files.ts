import { dirname } from 'node:path'
import { firstIndexWhere } from '@rocketmq-ts/base'
import { blankRecordBytes, EncodedProperties, readRecord } from '@rocketmq-ts/protocol'
import { isRecordAt } from '../log/stretch.ts'
import { SegmentSizeError } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import { type CompactionUnit, compactionUnitBytes, putCompactionUnit, readCompactionUnit } from './unit.ts'

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

/** Bytes of the largest message, as the log holds it, that the compacted log of its topic can keep. */
export function compactedBytesMax(recordFileBytes: number, unitFileBytes: number): number {
  return recordFileSizes(recordFileBytes, unitFileBytes).records - blankRecordBytes
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

/** The folder in a folder of files where new ones are made. The official broker makes its own there, and reads none. */
export const makingFolder = 'compacting'

export function pairName(start: number): string {
  return String(start).padStart(20, '0')
}

export function isPairName(name: string): boolean {
  return /^\d{20}$/.test(name)
}

const sizeSettings = 'compactionMappedFileSize and compactionCqMappedFileSize'

/** @throws SegmentSizeError for a file of a compacted log that is larger: what stands behind its size would be lost */
export function checkFileSizes({ fileSystem }: StoreFiles, folders: RecordFolders, sizes: RecordFileSizes): void {
  for (const kind of ['records', 'units'] as const) {
    for (const name of fileSystem.list(folders[kind]).filter(isPairName)) {
      const path = `${folders[kind]}/${name}`
      const sizeBytes = fileSystem.status(path)?.sizeBytes ?? 0
      if (sizeBytes > sizes[kind]) throw new SegmentSizeError(path, sizes[kind], sizeSettings)
    }
  }
}

/** Pairs of files in the folders of one compacted queue: each by itself. */
export class PairFiles {
  readonly folders: RecordFolders
  readonly sizes: RecordFileSizes
  readonly #files: StoreFiles

  constructor(files: StoreFiles, folders: RecordFolders, sizes: RecordFileSizes) {
    this.#files = files
    this.folders = folders
    this.sizes = sizes
  }

  recordsPath({ start }: { start: number }): string {
    return `${this.folders.records}/${pairName(start)}`
  }

  unitsPath({ start }: { start: number }): string {
    return `${this.folders.units}/${pairName(start)}`
  }

  /** Takes over the files of an earlier process. A file of units that is missing or belongs to other records is made again. */
  load(start: number): FilePair {
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
    pair.unitCount = firstIndexWhere(0, unitsMax, (index) => this.unitAt(pair, index) === undefined)
    const first = this.unitAt(pair, 0)
    const last = this.unitAt(pair, pair.unitCount - 1)
    if (first === undefined || last === undefined) return { ...pair, unitCount: 0 }
    const end = last.position + last.totalSize
    return { ...pair, firstOffset: first.queueOffset, lastOffset: last.queueOffset, end }
  }

  /** Whether the first and the last unit lead to their records. */
  #isWhole(pair: FilePair): boolean {
    return [0, pair.unitCount - 1].every((index) => {
      const unit = this.unitAt(pair, index)
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

  offsetAt(pair: FilePair, index: number): number {
    return this.unitAt(pair, index)?.queueOffset ?? Number.POSITIVE_INFINITY
  }

  /** The unit with an index, when there is one that leads into the file of records. */
  unitAt(pair: FilePair, index: number): CompactionUnit | undefined {
    if (index < 0) return undefined
    const bytes = Buffer.alloc(compactionUnitBytes)
    this.#files.open(this.unitsPath(pair)).read(bytes, index * compactionUnitBytes)
    const unit = readCompactionUnit(bytes, 0)
    if (unit === undefined || unit.position < pair.start) return undefined
    return unit.position + unit.totalSize <= pair.start + this.sizes.records ? unit : undefined
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

  /** Makes everything from a place in a file on zeros. @param byteCount of the file */
  clear(path: string, from: number, byteCount: number): void {
    const file = this.#files.open(path)
    file.truncate(from)
    file.truncate(byteCount)
  }

  remove(pair: FilePair): void {
    for (const path of [this.recordsPath(pair), this.unitsPath(pair)]) {
      if (this.#files.fileSystem.status(path) !== undefined) this.#files.remove(path)
    }
  }
}
