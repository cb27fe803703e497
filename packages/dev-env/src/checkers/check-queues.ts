import { retryTopicOf, reviveTopicOf, scheduleTopic, timerTopic } from '@rocketmq-ts/protocol'
import {
  type History,
  type ObservedQueue,
  type ObservedRecord,
  queueKey,
  type SeenRecord,
  type SentMessage,
} from './history.ts'
import type { Violation } from './violation.ts'

/** The queue into which the broker puts a message when it is sent. */
export function storedIn(send: SentMessage): { topic: string; queueId: number } {
  if (send.delayLevel > 0) return { topic: scheduleTopic, queueId: send.delayLevel - 1 }
  return isWaiting(send) ? { topic: timerTopic, queueId: 0 } : send
}

/** Whether a message whose sender named a time was put aside until then: it is not when that had passed already. */
function isWaiting({ timedForMs, outcome }: SentMessage): boolean {
  return timedForMs > 0 && outcome.kind === 'acknowledged' && outcome.isWaiting === true
}

/**
 * Decides whether queues hold what was acknowledged, where it was acknowledged, in the order in which it was sent, and
 * nothing that was not sent. Queues may be given from an offset on; then only what belongs behind it is looked at.
 */
export function checkQueues(history: History, queues: readonly ObservedQueue[]): Violation[] {
  const sends = new Map(history.sends.map((send) => [send.id, send]))
  const sentBack = new Set(history.sendBacks.map(({ id, group }) => `${id} ${retryTopicOf(group)}`))
  const acknowledged = Map.groupBy(
    history.sends.filter(({ outcome }) => outcome.kind === 'acknowledged'),
    (send) => queueKey(storedIn(send)),
  )
  const seen = Map.groupBy(history.seen, queueKey)
  const violations: Violation[] = []
  for (const queue of queues) {
    const origins = queue.records.map((record) => originOf(record, sends.get(record.id), sentBack))
    const storedBySends = queue.records.filter((_, index) => origins[index] === 'send')
    violations.push(
      ...checkPlaces(queue, storedBySends, acknowledged.get(queueKey(queue)) ?? []),
      ...checkSequence(queue),
      ...checkOrigins(queue, origins, sends),
      ...checkOrder(queue, storedBySends, sends),
      ...checkSeen(queue, seen.get(queueKey(queue)) ?? []),
    )
  }
  violations.push(...checkAbsentQueues(acknowledged, queues))
  return violations
}

function checkPlaces(
  queue: ObservedQueue,
  storedBySends: readonly ObservedRecord[],
  sends: readonly SentMessage[],
): Violation[] {
  const violations: Violation[] = []
  const byOffset = new Map(queue.records.map((record) => [record.queueOffset, record]))
  const offsetOfId = new Map(storedBySends.map((record) => [record.id, record.queueOffset]))
  const acknowledgedAt = new Map<number, string>()
  for (const { id, outcome } of sends) {
    if (outcome.kind !== 'acknowledged') continue
    const { queueOffset, messageId } = outcome
    const place = `${queueKey(queue)} at ${queueOffset}`
    const other = acknowledgedAt.get(queueOffset)
    if (other !== undefined) {
      violations.push({ rule: 'queue offset used twice', detail: `${id} and ${other} were acknowledged for ${place}` })
    }
    acknowledgedAt.set(queueOffset, id)
    if (queueOffset < queue.fromOffset) continue
    const record = byOffset.get(queueOffset)
    const elsewhere = offsetOfId.get(id)
    if (elsewhere === undefined) {
      const instead = record === undefined ? `the queue ends at ${queue.maxOffset}` : `${record.id} stands there`
      violations.push({ rule: 'acknowledged message lost', detail: `${id}, acknowledged for ${place}: ${instead}` })
    } else if (record === undefined || record.id !== id) {
      const detail = `${id}, acknowledged for ${place}, stands at ${elsewhere}`
      violations.push({ rule: 'acknowledged place holds another message', detail })
    } else if (record.messageId !== messageId) {
      const detail = `${id} in ${place} has the message id ${record.messageId}, acknowledged was ${messageId}`
      violations.push({ rule: 'acknowledged place holds another message', detail })
    }
  }
  return violations
}

function checkAbsentQueues(
  acknowledged: ReadonlyMap<string, readonly SentMessage[]>,
  queues: readonly ObservedQueue[],
): Violation[] {
  const present = new Set(queues.map(queueKey))
  return [...acknowledged].flatMap(([key, sends]) =>
    present.has(key)
      ? []
      : sends.map(({ id }): Violation => ({ rule: 'acknowledged message lost', detail: `${id}: no queue ${key}` })),
  )
}

/** Offsets follow each other without a gap, and the log positions behind them rise. */
function checkSequence(queue: ObservedQueue): Violation[] {
  const violations: Violation[] = []
  let expected = queue.fromOffset
  let position = -1
  for (const { queueOffset, physicalOffset, id, indexInBatch } of queue.records) {
    if (queueOffset < expected) {
      const detail = `${queueKey(queue)}: ${id} has the offset ${queueOffset}, which came before`
      violations.push({ rule: 'queue offset used twice', detail })
    } else if (queueOffset > expected) {
      const detail = `${queueKey(queue)}: ${queueOffset} follows ${expected - 1}`
      violations.push({ rule: 'gap in a queue', detail })
    }
    if (indexInBatch > 0 ? physicalOffset !== position : physicalOffset <= position) {
      const detail = `${queueKey(queue)}: ${id} at ${queueOffset} stands in the log before its predecessor`
      violations.push({ rule: 'messages reordered', detail })
    }
    expected = queueOffset + 1
    position = physicalOffset
  }
  if (expected !== queue.maxOffset) {
    const detail = `${queueKey(queue)} is said to end at ${queue.maxOffset}, its last record is ${expected - 1}`
    violations.push({ rule: 'gap in a queue', detail })
  }
  return violations
}

/** Every record was sent, unchanged, to this queue; once, unless the broker itself delivered it (at least once). */
function checkOrigins(
  queue: ObservedQueue,
  origins: readonly Origin[],
  sends: ReadonlyMap<string, SentMessage>,
): Violation[] {
  const violations: Violation[] = []
  const storedBySend = new Set<string>()
  for (const [index, record] of queue.records.entries()) {
    if (isOfPop(record)) continue
    const place = `${queueKey(queue)} at ${record.queueOffset}`
    const send = sends.get(record.id)
    const origin = origins[index]
    if (send === undefined || origin === undefined) {
      violations.push({ rule: 'message invented', detail: `${record.id} in ${place} was never sent there` })
      continue
    }
    if (send.outcome.kind === 'lost' && origin === 'send') {
      violations.push({ rule: 'lost message shows again', detail: `${record.id} in ${place}` })
    }
    if (record.bodyCrc !== send.bodyCrc || record.bodyBytes !== send.bodyBytes) {
      violations.push({ rule: 'message changed', detail: `${record.id} in ${place} has another body than was sent` })
    }
    if (origin === 'delivery') continue
    if (send.outcome.kind === 'refused') {
      const detail = `${record.id} in ${place} was refused with ${send.outcome.code}: ${send.outcome.remark}`
      violations.push({ rule: 'message invented', detail })
    }
    if (storedBySend.has(record.id)) {
      violations.push({ rule: 'message stored twice', detail: `${record.id} in ${place}, and before it` })
    }
    storedBySend.add(record.id)
  }
  return violations
}

/** Whether a record is there since it was sent, or since the broker put it there: delayed, or to be tried again. */
type Origin = 'send' | 'delivery' | undefined

function originOf(record: ObservedRecord, send: SentMessage | undefined, sentBack: ReadonlySet<string>): Origin {
  if (send === undefined) return undefined
  if (sentBack.has(`${record.id} ${record.topic}`)) return 'delivery'
  if (record.topic === scheduleTopic) {
    if (sentBack.has(`${record.id} ${record.realTopic}`)) return 'delivery'
    return send.delayLevel === record.queueId + 1 && record.realTopic === send.topic ? 'send' : undefined
  }
  if (record.topic === timerTopic) return send.timedForMs > 0 && record.realTopic === send.topic ? 'send' : undefined
  if (record.topic !== send.topic || record.queueId !== send.queueId) return undefined
  if (send.delayLevel > 0) return 'delivery'
  // One without an answer may have been put aside or not.
  return send.timedForMs > 0 && (isWaiting(send) || send.outcome.kind !== 'acknowledged') ? 'delivery' : 'send'
}

/** A message that was sent after the acknowledgement of another one stands behind it. */
function checkOrder(
  queue: ObservedQueue,
  storedBySends: readonly ObservedRecord[],
  sends: ReadonlyMap<string, SentMessage>,
): Violation[] {
  const violations: Violation[] = []
  let earliest: { seq: number; id: string } | undefined
  for (const record of storedBySends.toReversed()) {
    const send = sends.get(record.id)!
    if (earliest !== undefined && earliest.seq < send.sentSeq) {
      const detail = `${queueKey(queue)}: ${record.id} at ${record.queueOffset} was sent when ${earliest.id}, which stands behind it, had been acknowledged`
      violations.push({ rule: 'messages reordered', detail })
    }
    const { outcome } = send
    if (outcome.kind === 'acknowledged' && (earliest === undefined || outcome.seq < earliest.seq)) {
      earliest = { seq: outcome.seq, id: send.id }
    }
  }
  return violations
}

/** What a consumer was given once is what everybody is given later. */
function checkSeen(queue: ObservedQueue, seen: readonly SeenRecord[]): Violation[] {
  const byOffset = new Map(queue.records.map((record) => [record.queueOffset, record]))
  const violations: Violation[] = []
  for (const before of seen) {
    if (before.queueOffset < queue.fromOffset) continue
    const record = byOffset.get(before.queueOffset)
    if (record?.id === before.id && record.physicalOffset === before.physicalOffset) continue
    const now = record === undefined ? 'nothing' : `${record.id} at log position ${record.physicalOffset}`
    const detail = `${queueKey(queue)} at ${before.queueOffset}: a consumer was given ${before.id} at log position ${before.physicalOffset}, now there is ${now}`
    violations.push({ rule: 'queue offset used twice', detail })
  }
  return violations
}

/** What the broker notes of messages that it gave out, and wants to be told of later. */
function isOfPop({ topic, realTopic }: ObservedRecord): boolean {
  return topic === timerTopic && realTopic?.startsWith(reviveTopicOf('')) === true
}
