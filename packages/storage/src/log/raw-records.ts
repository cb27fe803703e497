import { blankRecordBytes, type RecordLayout, readRecord } from '@rocketmq-ts/protocol'

/** A whole record of another broker's log; the positions in `layout` are those in `bytes`. */
export interface RawRecord {
  readonly bytes: Buffer
  readonly layout: RecordLayout
}

export type RawReading =
  /** Adjacent records. `accept` takes them over: nothing has changed before it is called. */
  | { kind: 'records'; records: readonly RawRecord[]; accept(): void }
  /** The bytes cannot follow what came before. */
  | { kind: 'illegal'; reason: string }

const nothing = Buffer.alloc(0)

/**
 * Cuts the bytes of another broker's log, which come in pieces of any length, into whole records. An incomplete record
 * waits for its rest.
 */
export class RawRecords {
  readonly #segmentBytes: number
  /** Where `#rest` starts; undefined when nothing waits. */
  #position: number | undefined
  /** The beginning of a record whose rest has not come. */
  #rest = nothing
  /** Bytes of a blank record at the end of a file that are still to come, and are ignored. */
  #blankBytes = 0

  /** @param segmentBytes size of the files of both logs */
  constructor(segmentBytes: number) {
    this.#segmentBytes = segmentBytes
  }

  /**
   * The position of the next byte to come.
   * @param recordsEnd where the last whole record ends
   */
  nextPosition(recordsEnd: number): number {
    return (this.#position ?? recordsEnd) + this.#rest.length
  }

  /** Forgets what waits for its rest. */
  clear(): void {
    this.#set(undefined, nothing, 0)
  }

  /**
   * Reads bytes that stand at `nextPosition`.
   * @param recordsEnd where the last whole record ends
   */
  take(recordsEnd: number, piece: Buffer): RawReading {
    const start = this.#position ?? recordsEnd
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    const records: RawRecord[] = []
    let blankBytes = this.#blankBytes
    let at = 0
    for (;;) {
      const passed = Math.min(blankBytes, bytes.length - at)
      at += passed
      blankBytes -= passed
      if (blankBytes > 0) break
      const position = start + at
      const remaining = this.#segmentBytes - (position % this.#segmentBytes)
      const reading = readRecord(bytes, at, true)
      const endsBehindFile = illegal(
        position,
        'reaches over the end of a file: mappedFileSizeCommitLog has to be the same',
      )
      if (reading.kind === 'incomplete') {
        if (reading.wantedBytes > remaining) return endsBehindFile
        break
      }
      if (reading.kind === 'invalid') return illegal(position, `is no record: ${reading.reason}`)
      if (reading.kind === 'blank') {
        if (reading.remainingBytes !== remaining) return endsBehindFile
        blankBytes = remaining
        continue
      }
      const { physicalOffset, totalSize } = reading.record
      if (physicalOffset !== position) return illegal(position, `belongs to position ${physicalOffset}`)
      if (totalSize + blankRecordBytes > remaining) return endsBehindFile
      records.push({ bytes, layout: reading.record })
      at += totalSize
    }
    // The piece belongs to the caller, so a copy waits.
    return {
      kind: 'records',
      records,
      accept: () => this.#set(start + at, Buffer.from(bytes.subarray(at)), blankBytes),
    }
  }

  #set(position: number | undefined, rest: Buffer<ArrayBuffer>, blankBytes: number): void {
    this.#position = position
    this.#rest = rest
    this.#blankBytes = blankBytes
  }
}

function illegal(position: number, what: string): { kind: 'illegal'; reason: string } {
  return { kind: 'illegal', reason: `what the other broker's log has at ${position} ${what}` }
}
