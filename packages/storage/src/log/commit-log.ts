import type { Clock } from '@rocketmq-ts/platform'
import {
  blankRecordBytes,
  type MessageToStore,
  recordBytes,
  writeBlankRecord,
  writeRecord,
} from '@rocketmq-ts/protocol'
import { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import { BlockMemory } from './block-memory.ts'
import { LogTail } from './log-tail.ts'
import type { Stretch } from './stretch.ts'

export interface CommitLogOptions {
  clock: Clock
  files: StoreFiles
  path: string
  segmentBytes: number
  tailBytesMax: number
}

const tailBlockBytes = 1024 * 1024
const tailSparesMax = 2

/**
 * The log of all messages, the only truth of a store. `append` assigns the position and encodes; `write` brings what
 * was appended to the files in as few writes as possible. A record lies within one file; what remains of a file that
 * the next record does not fit into starts with a blank record.
 */
export class CommitLog {
  readonly segments: SegmentFolder
  readonly #tail: LogTail
  /** Where the next record goes. */
  #endPosition = 0
  /** Everything before is in the files. */
  #writtenPosition = 0

  constructor(options: CommitLogOptions) {
    this.segments = new SegmentFolder(options.files, options.path, options.segmentBytes)
    this.#tail = new LogTail(new BlockMemory(options.clock, tailBlockBytes, tailSparesMax), options.tailBytesMax)
  }

  get minPosition(): number {
    return this.segments.firstPosition
  }

  get endPosition(): number {
    return this.#endPosition
  }

  get writtenPosition(): number {
    return this.#writtenPosition
  }

  /** Continues at `position`, which recovery found to be the end. */
  continueAt(position: number): void {
    this.#endPosition = position
    this.#writtenPosition = position
  }

  /**
   * Encodes a record behind the last one.
   * @returns its position
   */
  append(message: MessageToStore, totalSize: number, queueOffset: number, storeTimestamp: number): number {
    const position = this.#roomFor(totalSize)
    const { bytes, at } = this.#tail.reserve(position, totalSize)
    writeRecord(bytes, at, totalSize, message, queueOffset, position, storeTimestamp)
    this.#endPosition = position + totalSize
    return position
  }

  /** Bytes that a message will take. */
  sizeOf(message: MessageToStore): number {
    return recordBytes(message)
  }

  /** The largest record that a file can hold. */
  get recordBytesMax(): number {
    return this.segments.segmentBytes - blankRecordBytes
  }

  /**
   * Writes everything that was appended to the files.
   * @throws the file system's error; what was appended is then not known to be stored
   */
  write(): void {
    if (this.#writtenPosition === this.#endPosition) return
    for (const part of this.#tail.partsFrom(this.#writtenPosition)) {
      this.#writeToFiles(part.bytes, part.position)
    }
    this.#writtenPosition = this.#endPosition
    this.#tail.release(this.#writtenPosition)
  }

  /** Takes back everything that was appended and is not written as a whole, in memory and in the files. */
  cutBack(): void {
    const position = this.#writtenPosition
    this.#tail.cutTo(position)
    this.#endPosition = position
    this.segments.removeFrom(position)
    this.segments.clearFrom(position)
  }

  /** What holds the bytes at a position, until the end of this turn, when they are in memory. */
  inMemory(position: number, byteCount: number): Stretch | undefined {
    return this.#tail.find(position, byteCount)
  }

  /** A part goes over the end of a file when the blank record at its end fills it to the last byte. */
  #writeToFiles(bytes: Buffer, position: number): void {
    const { segmentBytes } = this.segments
    const firstBytes = Math.min(bytes.length, segmentBytes - (position % segmentBytes))
    this.segments.write(bytes.subarray(0, firstBytes), position)
    if (firstBytes < bytes.length) this.#writeToFiles(bytes.subarray(firstBytes), position + firstBytes)
  }

  #roomFor(totalSize: number): number {
    const { segmentBytes } = this.segments
    const position = this.#endPosition
    const remaining = segmentBytes - (position % segmentBytes)
    if (totalSize + blankRecordBytes <= remaining) return position
    const { bytes, at } = this.#tail.reserve(position, blankRecordBytes)
    writeBlankRecord(bytes, at, remaining)
    return position + remaining
  }
}
