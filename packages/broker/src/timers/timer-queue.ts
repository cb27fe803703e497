import type { Clock, Log } from '@rocketmq-ts/platform'
import { type DecodedMessage, javaStringHash, timerTopic } from '@rocketmq-ts/protocol'
import type { TimerStore } from '@rocketmq-ts/storage'
import { InternalConsumer, type InternalStore } from '../internal-consumer/internal-consumer.ts'
import { type TimedMessage, timedMessage } from './timer-message.ts'
import type { TimerMetrics } from './timer-metrics.ts'

export interface TimerQueueParts {
  clock: Clock
  log: Log
  store: InternalStore
  timers: TimerStore
  metrics: TimerMetrics
  /** Nothing is taken from the topic. */
  isStopped(): boolean
  /** Delivers messages whose slot is done already. */
  deliverNow(messages: readonly DecodedMessage[]): Promise<void>
  /** Messages are about to be added, the first of which was stored then, in milliseconds since 1970. */
  adding(sentMs: number): void
  /** So many messages were added to the wheel. */
  added(count: number): void
  /** What waits has to follow the clock, which was set back. */
  clockIsBehind(): void
  /** Everything that stood in the topic when the broker started was added, or no more is added for now. */
  caughtUp(): void
}

/** The wheel has no free slot: it is tried again. */
class WheelFullError extends Error {
  override readonly name = 'WheelFullError'
}

/**
 * Takes messages from the timer's topic into the wheel, in their order. Those whose slot is done, since they came while
 * the broker was behind, are delivered at once.
 */
export function timerQueue(parts: TimerQueueParts): InternalConsumer {
  const { clock, log, store, timers } = parts
  const firstMax = store.maxOffset(timerTopic, 0)
  let isCaughtUp = false
  return new InternalConsumer({
    clock,
    log,
    store,
    topic: timerTopic,
    queueCount: 1,
    progress: {
      offset: () => timers.queueOffset,
      setOffset: (_queueId, offset) => {
        timers.queueOffset = offset
        timers.noteStep()
        if (isCaughtUp || offset < firstMax) return
        isCaughtUp = true
        parts.caughtUp()
      },
      goBack: (_queueId, offset) => timers.goBack(offset),
    },
    waitMs(_queueId, _unit, nowMs) {
      if (parts.isStopped()) {
        parts.caughtUp()
        return checkMs
      }
      if (!timers.isAheadOf(nowMs)) return 0
      // The clock was set back: what waits is put to where it is now before more is added.
      parts.clockIsBehind()
      return checkMs
    },
    handle: (messages) => addAll(messages, parts),
  })
}

const checkMs = 1000

async function addAll(messages: readonly DecodedMessage[], parts: TimerQueueParts): Promise<void> {
  const { clock, timers, metrics, log } = parts
  const nowMs = clock.now()
  const { cutCount } = timers
  parts.adding(messages[0]!.storeTimestamp)
  const waiting: { message: DecodedMessage; timed: TimedMessage }[] = []
  const overdue: { message: DecodedMessage; outMs: number }[] = []
  for (const message of messages) {
    const timed = timedMessage(message)
    if (timed === undefined) {
      const { physicalOffset } = message
      log.warn({ physicalOffset }, 'a message in the topic of the timer names no time and topic: it is passed by')
    } else if (timed.outMs >= timers.readMs || timed.outMs + timers.precisionMs > nowMs)
      waiting.push({ message, timed })
    else if (!timed.isDelete) overdue.push({ message, outMs: timed.outMs })
  }
  overdue.sort((one, other) => one.outMs - other.outMs)
  if (overdue.length > 0) await parts.deliverNow(overdue.map(({ message }) => message))
  // The consumer reads them again.
  if (timers.cutCount !== cutCount) return
  for (const { message, timed } of waiting) {
    const { physicalOffset, totalSize, queueOffset } = message
    const { outMs, topic, isDelete } = timed
    const unit = { physicalOffset, totalSize, topicHash: javaStringHash(topic), isDelete }
    if (!timers.add(unit, outMs, nowMs)) {
      parts.caughtUp()
      throw new WheelFullError('messages are due that were not delivered yet: the wheel has no slot for those to come')
    }
    // Should the next one fail, this one is not added again.
    timers.queueOffset = queueOffset + 1
    metrics.add(topic, isDelete ? -1 : 1)
  }
  parts.added(waiting.length)
}
