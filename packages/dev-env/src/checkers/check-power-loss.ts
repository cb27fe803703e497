import { parseOffsetMessageId } from '@rocketmq-ts/protocol'
import { storedIn } from './check-queues.ts'
import { type History, type ObservedQueue, queueKey, type SentMessage } from './history.ts'
import type { Violation } from './violation.ts'

export interface PowerLoss {
  /** Monotonic clock, when the power failed. */
  readonly atMs: number
  /** What was acknowledged until then has to be there: with SYNC_FLUSH the time of the failure itself. */
  readonly safeMs: number
  /** The same for what is never acknowledged only when it is synced: messages that are sent back. */
  readonly sentBackSafeMs: number
  /** Position among the events of the history before which messages were sent that it may have taken. */
  readonly sentSeqMax: number
}

/** Something that was known to stand in a queue when the power failed. */
interface Known {
  readonly id: string
  readonly queue: string
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly send: SentMessage | undefined
}

/**
 * Decides whether a failure of the power took no more than it may: nothing acknowledged before `safeMs`, and only the end
 * of the log. What it took is taken out of the history, so that its places may be used again.
 * @param queues everything that is there now, read before any consumer is given something
 */
export function takeOverPowerLoss(
  history: History,
  queues: readonly ObservedQueue[],
  { atMs, safeMs, sentBackSafeMs, sentSeqMax }: PowerLoss,
): Violation[] {
  const places = new Set(queues.flatMap((queue) => queue.records.map((record) => placeOf(queueKey(queue), record))))
  const isThere = (one: Known): boolean => places.has(placeOf(one.queue, one))
  const known = [...acknowledged(history, sentSeqMax), ...seen(history)]
  const lost = known.filter((one) => !isThere(one))
  const firstLost = Math.min(...lost.map(({ physicalOffset }) => physicalOffset))
  const violations: Violation[] = []
  for (const { id, queue, queueOffset, send } of lost) {
    if (send?.outcome.kind !== 'acknowledged' || send.outcome.atMs > safeMs) continue
    const detail = `${id}, acknowledged for ${queue} at ${queueOffset} ${atMs - send.outcome.atMs} ms before the power failed`
    violations.push({ rule: 'acknowledged message lost', detail })
  }
  for (const { id, queue, queueOffset, physicalOffset, send } of known.filter(isThere)) {
    // What was under way when the power failed may have been stored after it.
    const isLater = send?.outcome.kind === 'acknowledged' && send.outcome.atMs > atMs
    if (physicalOffset <= firstLost || isLater) continue
    const detail = `${id} in ${queue} at ${queueOffset} is there, what stood before it at ${firstLost} of the log is not`
    violations.push({ rule: 'message lost in front of one that is there', detail })
  }
  for (const { send } of lost) if (send !== undefined) send.outcome = { kind: 'lost' }
  for (const sendBack of history.sendBacks) {
    // Where it was stored is not known.
    if (sendBack.outcome.kind === 'acknowledged' && sendBack.outcome.atMs > sentBackSafeMs)
      sendBack.outcome = { kind: 'unknown' }
  }
  const remaining = history.seen.filter((record) => places.has(placeOf(queueKey(record), record)))
  history.seen.splice(0, history.seen.length, ...remaining)
  return violations
}

function acknowledged({ sends }: History, sentSeqMax: number): Known[] {
  return sends.flatMap((send) => {
    const { outcome } = send
    if (outcome.kind !== 'acknowledged' || send.sentSeq > sentSeqMax) return []
    const { queueOffset, messageId } = outcome
    const queue = queueKey(storedIn(send))
    return [{ id: send.id, queue, queueOffset, physicalOffset: parseOffsetMessageId(messageId).physicalOffset, send }]
  })
}

function seen(history: History): Known[] {
  return history.seen.map(({ id, topic, queueId, queueOffset, physicalOffset }) => ({
    id,
    queue: queueKey({ topic, queueId }),
    queueOffset,
    physicalOffset,
    send: undefined,
  }))
}

function placeOf(
  queue: string,
  { queueOffset, physicalOffset, id }: Pick<Known, 'queueOffset' | 'physicalOffset' | 'id'>,
): string {
  return `${queue} ${queueOffset} ${physicalOffset} ${id}`
}
