import { readInt64, recordBytesMin, recordMagic, recordPosition, sysFlag } from '@rocketmq-ts/protocol'

/** A part of a file, or of a run of files, that is in memory. */
export interface Stretch {
  /** Position of its first byte. */
  readonly start: number
  readonly bytes: Buffer
}

/** The bytes at [position, position + byteCount), which the stretch holds. */
export function sliceOf({ start, bytes }: Stretch, position: number, byteCount: number): Buffer {
  return bytes.subarray(position - start, position - start + byteCount)
}

/** Gathers records that were found in memory: adjacent records become one part. */
export class RecordParts {
  readonly #parts: Buffer[] = []
  #stretch: Stretch | undefined
  /** Positions of the part that is being gathered. */
  #start = 0
  #end = 0

  add(stretch: Stretch, position: number, byteCount: number): void {
    if (stretch !== this.#stretch || position !== this.#end) {
      this.#close()
      this.#stretch = stretch
      this.#start = position
    }
    this.#end = position + byteCount
  }

  /** @returns all parts, in the order of the records */
  end(): Buffer[] {
    this.#close()
    this.#stretch = undefined
    return this.#parts
  }

  #close(): void {
    if (this.#stretch === undefined) return
    this.#parts.push(sliceOf(this.#stretch, this.#start, this.#end - this.#start))
  }
}

/**
 * Whether bytes read from a file are the record that stands at a position of the log. Its position, its size and the
 * lengths of its parts must agree: without them a client could not tell where the next record starts. The body is not
 * compared with its checksum: that costs more than all the rest of reading, and clients compare it.
 * @param start,byteCount where in `source` the record should be
 */
export function isRecordAt(source: Buffer, position: number, start = 0, byteCount = source.length): boolean {
  if (byteCount < recordBytesMin || source.readInt32BE(start + recordPosition.totalSize) !== byteCount) return false
  const magic = source.readInt32BE(start + recordPosition.magic)
  if (magic !== recordMagic.v1 && magic !== recordMagic.v2) return false
  if (readInt64(source, start + recordPosition.physicalOffset) !== position) return false
  const end = start + byteCount
  const flags = source.readInt32BE(start + recordPosition.sysFlag)
  const hostBytes = ((flags & sysFlag.bornHostV6) === 0 ? 8 : 20) + ((flags & sysFlag.storeHostV6) === 0 ? 8 : 20)
  const bodyStart = start + recordPosition.bornHost + hostBytes + 24
  const topicLengthBytes = magic === recordMagic.v2 ? 2 : 1
  if (bodyStart + topicLengthBytes + 2 > end) return false
  const bodyEnd = bodyStart + source.readInt32BE(bodyStart - 4)
  if (bodyEnd < bodyStart || bodyEnd + topicLengthBytes + 2 > end) return false
  const topicLength = topicLengthBytes === 1 ? source.readInt8(bodyEnd) : source.readInt16BE(bodyEnd)
  const topicEnd = bodyEnd + topicLengthBytes + topicLength
  if (topicLength < 0 || topicEnd + 2 > end) return false
  return topicEnd + 2 + source.readInt16BE(topicEnd) === end
}
