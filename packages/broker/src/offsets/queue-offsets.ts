/** From where to where a queue reaches. */
export interface QueueRange {
  /** 0 for a queue without messages. */
  minOffset(topic: string, queueId: number): number
  /** The offset behind the last message. */
  maxOffset(topic: string, queueId: number): number
}

/** What handlers ask a store about the offsets of queues. */
export interface QueueOffsets extends QueueRange {
  offsetByTime(topic: string, queueId: number, timestampMs: number, boundary: 'lower' | 'upper'): number
  /** Milliseconds since 1970, or undefined when there is no such message. */
  storeTimestamp(topic: string, queueId: number, queueOffset: number): number | undefined
}
