export interface ReadRequest {
  topic: string
  queueId: number
  queueOffset: number
  /** Limits: messages in the answer, units looked at for them, and bytes of the messages. */
  countMax: number
  scannedUnitsMax: number
  bytesMax: number
  /** Whether a message with this tags code is wanted. */
  matches(tagsCode: number): boolean
  /** Asked then about the record itself, when the tags code does not tell enough. */
  recordFilter?: RecordFilter | undefined
}

export interface RecordFilter {
  /**
   * Whether a message is wanted.
   * @param bytes holds its record, whole, from `start` on; for as long as the call lasts
   */
  matches(bytes: Buffer, start: number, byteCount: number): boolean
  /** Bytes of records after which a read tells where to go on, whatever it found: more would hold up others. */
  readonly bytesMax: number
}

export type ReadStatus =
  | 'FOUND'
  /** There are messages, but none of the units looked at matches. */
  | 'NO_MATCHED_MESSAGE'
  /** The messages were deleted while they were read. */
  | 'MESSAGE_WAS_REMOVING'
  | 'NO_MATCHED_LOGIC_QUEUE'
  | 'NO_MESSAGE_IN_QUEUE'
  | 'OFFSET_TOO_SMALL'
  | 'OFFSET_OVERFLOW_ONE'
  | 'OFFSET_OVERFLOW_BADLY'

export interface ReadResult {
  status: ReadStatus
  nextQueueOffset: number
  minOffset: number
  maxOffset: number
  /**
   * Records, whole and in order; neighbours in the log are one part. Their memory is used again after the turn in which
   * the result came: copy them to keep them longer.
   */
  parts: Buffer[]
  count: number
  byteCount: number
  /** Bytes of the log between the last message read and its end. */
  behindBytes: number
}
