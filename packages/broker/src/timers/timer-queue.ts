import type { Clock, Log } from '@rocketmq-ts/platform'
import { timerTopic } from '@rocketmq-ts/protocol'
import type { TimerStore } from '@rocketmq-ts/storage'
import { InternalConsumer, type InternalStore } from '../internal-consumer/internal-consumer.ts'
import { type TimedMessage, type TimedRecord, timedMessage, timedRecord } from './timer-message.ts'
import { MetricChanges, type TimerMetrics } from './timer-metrics.ts'

export interface TimerQueueParts {
  clock: Clock
  log: Log
  store: InternalStore
  timers: TimerStore
  metrics: TimerMetrics
  /** Nothing is taken from the topic. */
  isStopped(): boolean
  /** Delivers messages whose slot is done already. */
  deliverNow(records: readonly TimedRecord[]): Promise<void>
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
export function timerQueue(parts: TimerQueueParts): InternalConsumer<TimedRecord> {
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
    // A body is looked at when the message is due.
    decode: (record) => timedRecord(record, false),
    handle: (records) => addAll(records, parts),
  })
}

const checkMs = 1000

async function addAll(records: readonly TimedRecord[], parts: TimerQueueParts): Promise<void> {
  const { clock, timers, log } = parts
  const nowMs = clock.now()
  const { cutCount } = timers
  parts.adding(records[0]!.layout.storeTimestamp)
  const waiting: { record: TimedRecord; timed: TimedMessage }[] = []
  const overdue: { record: TimedRecord; outMs: number }[] = []
  for (const record of records) {
    const timed = timedMessage(record)
    if (timed === undefined) {
      const { physicalOffset } = record.layout
      log.warn({ physicalOffset }, 'a message in the topic of the timer names no time and topic: it is passed by')
    } else if (timed.outMs >= timers.readMs || timed.outMs + timers.precisionMs > nowMs) waiting.push({ record, timed })
    else if (!timed.isDelete) overdue.push({ record, outMs: timed.outMs })
  }
  overdue.sort((one, other) => one.outMs - other.outMs)
  if (overdue.length > 0) await parts.deliverNow(overdue.map(({ record }) => record))
  // The consumer reads them again.
  if (timers.cutCount !== cutCount) return
  const changes = new MetricChanges(parts.metrics)
  try {
    for (const { record, timed } of waiting) {
      add(record, timed, nowMs, parts)
      changes.add(timed.topic, timed.isDelete ? -1 : 1)
    }
  } finally {
    changes.end()
  }
  parts.added(waiting.length)
}

/** @throws WheelFullError */
function add({ layout, properties }: TimedRecord, timed: TimedMessage, nowMs: number, parts: TimerQueueParts): void {
  const { timers } = parts
  const { physicalOffset, totalSize, queueOffset } = layout
  const unit = { physicalOffset, totalSize, topicHash: properties.hash('realTopic'), isDelete: timed.isDelete }
  if (!timers.add(unit, timed.outMs, nowMs)) {
    parts.caughtUp()
    throw new WheelFullError('messages are due that were not delivered yet: the wheel has no slot for those to come')
  }
  // Should the next one fail, this one is not added again.
  timers.queueOffset = queueOffset + 1
}
