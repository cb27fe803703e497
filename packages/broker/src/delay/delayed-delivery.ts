import type { Clock, Log } from '@rocketmq-ts/platform'
import { type DecodedMessage, ProtocolError, scheduleTopic } from '@rocketmq-ts/protocol'
import type { PutPlace, StoreMessage } from '@rocketmq-ts/storage'
import type { Intake, MessageSink } from '../intake/intake.ts'
import { storeDue } from '../intake/store-due.ts'
import { InternalConsumer, type InternalStore } from '../internal-consumer/internal-consumer.ts'
import { decodedRecord } from '../stored-message.ts'
import type { DelayProgress } from './delay-progress.ts'
import { dueMessage } from './delayed-message.ts'

export interface DelayedDeliveryParts {
  clock: Clock
  log: Log
  store: InternalStore & { queueIds(topic: string): readonly number[] }
  sink: MessageSink
  intake: Intake
  progress: DelayProgress
  storeHost: Buffer
  /** A message of a level is stored in its topic. */
  onDelivered(message: StoreMessage, place: PutPlace, level: number): void
  /** Milliseconds, from level 1 at index 0. */
  delayLevelsMs: readonly number[]
}

/**
 * Delivers delayed messages: one queue for each level holds them in the order in which they become due. A message is
 * put into its real topic and only then passed by, so that a crash delivers it once more rather than never.
 */
export function delayedDelivery(parts: DelayedDeliveryParts): InternalConsumer<DecodedMessage> {
  const { clock, log, store, progress, delayLevelsMs } = parts
  // A broker that had more levels before may have left messages of those.
  const counts = store.queueIds(scheduleTopic).map((queueId) => queueId + 1)
  return new InternalConsumer({
    clock,
    log,
    store,
    topic: scheduleTopic,
    queueCount: Math.max(delayLevelsMs.length, ...counts),
    progress: {
      offset: (queueId) => progress.offset(levelOf(queueId)),
      setOffset: (queueId, offset) => progress.setOffset(levelOf(queueId), offset),
      goBack: (queueId, offset) => progress.goBack(levelOf(queueId), offset),
    },
    // The tags code of a delayed message is the time at which it is due.
    waitMs: (_queueId, { tagsCode: dueMs }, nowMs) => dueMs - nowMs,
    // Store times do not fall when the clock is set back, and the times at which messages are due do not, either.
    waitMsMax: (queueId) => delayLevelsMs[queueId] ?? Number.POSITIVE_INFINITY,
    decode: decodedRecord,
    handle: (messages, queueId) => deliver(messages, levelOf(queueId), parts),
  })
}

function levelOf(queueId: number): number {
  return queueId + 1
}

async function deliver(due: readonly DecodedMessage[], level: number, parts: DelayedDeliveryParts): Promise<void> {
  const { sink, log, onDelivered } = parts
  const messages = due.flatMap((message) => readyToStore(message, level, parts) ?? [])
  await storeDue(messages, {
    sink,
    onStored: (message, place) => onDelivered(message, place, level),
    onRefused: ({ topic, queueId }) =>
      log.warn({ level, topic, queueId }, 'a delayed message cannot be stored as it is: it is passed by'),
  })
}

/** Undefined for one that can never be stored, which would hold up for ever all that stand behind it. */
function readyToStore(message: DecodedMessage, level: number, parts: DelayedDeliveryParts): StoreMessage | undefined {
  const { intake, log, storeHost } = parts
  const { physicalOffset } = message
  const due = dueMessage(message, storeHost)
  if (due === undefined) {
    log.warn(
      { level, physicalOffset },
      'a delayed message names no topic and queue that it belongs to: it is passed by',
    )
    return undefined
  }
  try {
    return intake.take(due)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    log.warn({ level, physicalOffset, err: error }, 'a delayed message cannot be stored: it is passed by')
    return undefined
  }
}
