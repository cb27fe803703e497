import type { ReadRequest, ReadResult } from '../read-request.ts'

/** The messages of a queue in front of those that are read from the log: of each key the last one, and some more. */
export interface CompactedMessages {
  /**
   * Reads as `QueueReader` does.
   * @returns undefined when the read has to begin anew: what was read is gone
   */
  read(request: ReadRequest): Promise<ReadResult | undefined>
  /** The least queue offset that consumers may begin at; the log starts at `logStartPosition`. */
  firstOffset(logStartPosition: number): number
  /** The first message here from a queue offset on; undefined without one. Reads files. */
  unitFrom(queueOffset: number): CompactedMessage | undefined
  /** The first message here that was stored at a time or later, in milliseconds since 1970. Reads files. */
  unitSince(timestampMs: number): CompactedMessage | undefined
  /** The queue offset of the last message here before one; undefined without one. Reads files. */
  lastBefore(queueOffset: number): number | undefined
}

export interface CompactedMessage {
  queueOffset: number
  /** Milliseconds since 1970. */
  storeTimestamp: number
}
