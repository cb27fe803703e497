import { firstIndexWhere } from '@rocketmq-ts/base'

/** A time that messages of a topic stay visible, which may be shorter than that of the log. */
export interface TopicReserve {
  topic: string
  /** Milliseconds since the message was stored. */
  reservedMs: number
}

/** A queue of such a topic, as far as its messages' times are asked for. */
export interface TimedQueue {
  /** Offsets of messages that are visible: [minOffset, maxOffset). */
  minOffset: number
  maxOffset: number
  /** Milliseconds since 1970, or undefined when no message can be read at that offset. */
  storeTimestampOf(queueOffset: number): number | undefined
}

/** Offsets without a readable message that a search passes by before it takes what follows for young enough. */
const passedByMax = 64

/**
 * The first offset whose message was stored at or after a time, or `maxOffset` without any. Store times of a queue do
 * not go back. Offsets without a message count as the next message; a long run of them as young, since what can not
 * be dated must not be hidden.
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
  // Few messages have become too old since the last time: steps that double from the first one find them soonest.
  let low = minOffset
  let step = 1
  for (; low < maxOffset; step *= 2) {
    const next = Math.min(low + step, maxOffset)
    if (isYoung(next - 1)) return firstIndexWhere(low, next - 1, isYoung)
    low = next
  }
  return maxOffset
}
