import type { FileSystem } from '@rocketmq-ts/platform'
import {
  blankRecordBytes,
  type MessageToStore,
  recordBytes,
  writeBlankRecord,
  writeRecord,
} from '@rocketmq-ts/protocol'
import { type OpenFiles, SegmentFolder } from '../segment-folder.ts'
import { LogTail } from './log-tail.ts'

export interface CommitLogOptions {
  fileSystem: FileSystem
  path: string
  segmentBytes: number
  openFiles: OpenFiles
  tailBytesMax: number
}

/**
 * The log of all messages, the only truth of a store. `append` assigns the position and encodes; `write` brings what
 * was appended to the files in as few writes as possible. A record lies within one file; what remains of a file that
 * the next record does not fit into starts with a blank record.
 */
export class CommitLog {
  readonly segments: SegmentFolder
  readonly #fileSystem: FileSystem
  readonly #tail: LogTail
  /** Where the next record goes. */
  #endPosition = 0
  /** Everything before is in the files. */
  #writtenPosition = 0

  constructor(options: CommitLogOptions) {
    this.#fileSystem = options.fileSystem
    this.segments = new SegmentFolder(options.fileSystem, options.path, options.segmentBytes, options.openFiles)
    this.#tail = new LogTail(options.tailBytesMax)
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
      const created = this.segments.write(part.bytes, part.position)
      if (created) this.#fileSystem.syncFolder(this.segments.path)
    }
    this.#writtenPosition = this.#endPosition
    this.#tail.release(this.#writtenPosition)
  }

  /** The bytes at a position when they are in memory. */
  inMemory(position: number, byteCount: number): Buffer | undefined {
    return this.#tail.slice(position, byteCount)
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
