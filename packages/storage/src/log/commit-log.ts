import { assert } from '@rocketmq-ts/base'
import type { Clock } from '@rocketmq-ts/platform'
import {
  blankRecordBytes,
  type MessageToStore,
  recordBytes,
  writeBlankRecord,
  writeRecord,
} from '@rocketmq-ts/protocol'
import type { RecordSource } from '../followers/record-view.ts'
import { SegmentFolder } from '../segment-folder.ts'
import type { StoreFiles } from '../store-files.ts'
import { BlockMemory } from './block-memory.ts'
import type { LentBytes } from './lent-bytes.ts'
import { type LogPart, LogTail } from './log-tail.ts'
import { type Stretch, sliceOf } from './stretch.ts'

export interface CommitLogOptions {
  clock: Clock
  files: StoreFiles
  path: string
  segmentBytes: number
  tailBytesMax: number
  lent: LentBytes
}

const tailBlockBytes = 1024 * 1024
const tailSparesMax = 2

/**
 * The log of all messages, which all else in a store is derived from. `append` assigns the position and encodes;
 * `write` writes what was appended to the files in as few writes as possible. A record lies within one file. The rest
 * of a file that the next record does not fit into starts with a blank record.
 */
export class CommitLog implements RecordSource {
  readonly segments: SegmentFolder
  readonly #tail: LogTail
  readonly #lent: LentBytes
  /** Where the next record goes. */
  #endPosition = 0
  /** Everything before is in the files. */
  #writtenPosition = 0
  #isWritingLater = false

  constructor(options: CommitLogOptions) {
    this.segments = new SegmentFolder(options.files, options.path, options.segmentBytes)
    const { clock, lent } = options
    this.#lent = lent
    this.#tail = new LogTail(new BlockMemory(clock, tailBlockBytes, tailSparesMax, lent), options.tailBytesMax)
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

  get unwrittenBytes(): number {
    return this.#endPosition - this.#writtenPosition
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

  /** Whether a written record can stand there: within the log, and within one file. */
  canHold(position: number, totalSize: number): boolean {
    const { segments, minPosition, writtenPosition } = this
    const end = position + totalSize
    return (
      totalSize > 0 &&
      position >= minPosition &&
      end <= writtenPosition &&
      end <= segments.startOf(position) + segments.segmentBytes
    )
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
      for (const piece of this.#piecesOf(part)) this.segments.write(piece.bytes, piece.position)
    }
    this.noteWritten(this.#endPosition)
  }

  /**
   * Writes what has been appended until now, in the background. `append` and `write` may be called meanwhile; `write`
   * then writes this part too. Nothing may be cut back before the promise resolves.
   * @returns the position up to which it was written, for `noteWritten` in the same turn in which the followers are
   *   told
   */
  async writeLater(): Promise<number> {
    const end = this.#endPosition
    this.#isWritingLater = true
    try {
      for (const part of this.#tail.partsFrom(this.#writtenPosition)) {
        for (const piece of this.#piecesOf(part)) {
          if (this.#writtenPosition >= end) return end
          await this.segments.writeLater(piece.bytes, piece.position)
        }
      }
    } finally {
      this.#isWritingLater = false
    }
    return end
  }

  /** Everything before the position is in the files. */
  noteWritten(position: number): void {
    this.#writtenPosition = Math.max(this.#writtenPosition, position)
    // Blocks that are being written in the background must stay as they are.
    if (!this.#isWritingLater) this.#tail.release(this.#writtenPosition)
  }

  /**
   * Takes back what was appended behind a position, before any write of it began.
   * @param position an end that the log had since the last write began
   */
  takeBack(position: number): void {
    this.#tail.cutTo(position)
    this.#endPosition = position
  }

  /** Takes back everything that was appended and not completely written, in memory and in the files. */
  takeBackUnwritten(): void {
    assert(!this.#isWritingLater, 'the log is cut back while it is written')
    const position = this.#writtenPosition
    this.#tail.cutTo(position)
    this.#endPosition = position
    this.segments.removeFrom(position)
    this.segments.clearFrom(position)
    // A power failure could bring back records that were written as a whole.
    this.segments.syncNow(position)
  }

  /**
   * Appends an encoded record as it is.
   * @param position the record's own position, which is the end of the log or the start of the next file
   */
  appendRecord(record: Buffer, position: number): void {
    const blankBytes = position - this.#endPosition
    if (blankBytes > 0) {
      const { bytes, at } = this.#tail.reserve(this.#endPosition, blankRecordBytes)
      writeBlankRecord(bytes, at, blankBytes)
    }
    const { bytes, at } = this.#tail.reserve(position, record.length)
    record.copy(bytes, at)
    this.#endPosition = position + record.length
  }

  /**
   * Cuts off everything at and behind a position, in memory and in the files, so that no power failure brings it back.
   * @param position where a record starts; nothing may be being written, or wait to be written
   */
  cutBackTo(position: number): void {
    assert(!this.#isWritingLater && this.unwrittenBytes === 0, 'the log is cut back while it is written')
    this.#tail.cutTo(position)
    this.#endPosition = position
    this.#writtenPosition = position
    cutSegments(this.segments, position)
  }

  /** Everything in front of it is in the files only. */
  get firstInMemory(): number {
    return this.#tail.firstPosition
  }

  /** What holds the bytes at a position until the end of this turn, or undefined when they are not in memory. */
  inMemory(position: number, byteCount: number): Stretch | undefined {
    return this.#tail.find(position, byteCount)
  }

  /** Bytes within one file, from memory or read before this returns; to be used until the end of this turn. */
  bytesAt(position: number, byteCount: number): Buffer {
    const inMemory = this.inMemory(position, byteCount)
    if (inMemory !== undefined) return this.#lent.lend(sliceOf(inMemory, position, byteCount))
    const bytes = Buffer.alloc(byteCount)
    this.segments.read(bytes, position)
    return bytes
  }

  /** A part crosses the end of a file when the blank record there fills the file to the last byte. */
  #piecesOf({ bytes, position }: LogPart): LogPart[] {
    const { segmentBytes } = this.segments
    const firstBytes = Math.min(bytes.length, segmentBytes - (position % segmentBytes))
    const first = { bytes: bytes.subarray(0, firstBytes), position }
    if (firstBytes === bytes.length) return [first]
    return [first, ...this.#piecesOf({ bytes: bytes.subarray(firstBytes), position: position + firstBytes })]
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

/**
 * Clears everything at and behind a position of the log, and syncs that. Otherwise an old record could appear again
 * where new ones end, or after a power failure.
 */
export function cutSegments(segments: SegmentFolder, position: number): void {
  segments.removeFrom(segments.startOf(position) + segments.segmentBytes)
  segments.clearFrom(position)
  segments.syncNow(position)
}
