import { firstIndexWhere } from '@rocketmq-ts/base'

/** How long messages of a topic stay visible, which may be shorter than the log keeps them. */
export interface TopicReserve {
  topic: string
  /** Milliseconds since the message was stored. */
  reservedMs: number
}

/** What the search needs of a queue of such a topic. */
export interface TimedQueue {
  /** Offsets of messages that are visible: [minOffset, maxOffset). */
  minOffset: number
  maxOffset: number
  /** Milliseconds since 1970, or undefined when no message can be read at that offset. */
  storeTimestampOf(queueOffset: number): number | undefined
}

/** Offsets without a readable message that a search skips before it takes what follows for young. */
const passedByMax = 64

/**
 * The first offset whose message was stored at or after a time, or `maxOffset` without any. Store times of a queue
 * never decrease. An offset without a message counts as the next message. A long run of them counts as young, since
 * what cannot be dated must not be hidden.
 */
export function firstStoredSince(queue: TimedQueue, sinceMs: number): number {
  const { minOffset, maxOffset } = queue
  const isYoung = (offset: number): boolean => {
    const end = Math.min(offset + passedByMax, maxOffset)
    for (let at = offset; at < end; at++) {
      const storeTimestamp = queue.storeTimestampOf(at)
      if (storeTimestamp !== undefined) return storeTimestamp >= sinceMs
    }
    return true
  }
  // Few messages have become too old since the last time: doubling steps from the first one find them soonest.
  let low = minOffset
  let step = 1
  for (; low < maxOffset; step *= 2) {
    const next = Math.min(low + step, maxOffset)
    if (isYoung(next - 1)) return firstIndexWhere(low, next - 1, isYoung)
    low = next
  }
  return maxOffset
}
