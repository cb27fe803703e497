import { recordBytes, writeBlankRecord, writeRecord } from '@rocketmq-ts/protocol'
import type { StoreMessage } from '../../src/index.ts'

/** A piece of another broker's log, which goes on where ours ends. */
export class MasterLog {
  readonly #segmentBytes: number
  readonly #pieces: Buffer[] = []
  #end: number
  /** Where each record ends in `bytes`. */
  readonly ends: number[] = []

  /** @param position where it begins */
  constructor(position: number, segmentBytes: number) {
    this.#end = position
    this.#segmentBytes = segmentBytes
  }

  append(message: StoreMessage, queueOffset: number, storeTimestamp = 1_700_000_000_000): void {
    const encoded = { ...message, topicBytes: Buffer.from(message.topic), propertiesBytes: message.properties.bytes }
    const size = recordBytes(encoded)
    const remaining = this.#segmentBytes - (this.#end % this.#segmentBytes)
    if (size + 8 > remaining) {
      // What stands behind a blank record says nothing: it may be anything.
      const blank = Buffer.alloc(remaining, 0x5a)
      writeBlankRecord(blank, 0, remaining)
      this.#pieces.push(blank)
      this.#end += remaining
    }
    const record = Buffer.alloc(size)
    writeRecord(record, 0, size, encoded, queueOffset, this.#end, storeTimestamp)
    this.#pieces.push(record)
    this.#end += size
    this.ends.push(this.#pieces.reduce((sum, { length }) => sum + length, 0))
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}
