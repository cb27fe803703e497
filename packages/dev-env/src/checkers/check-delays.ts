import { retryTopicOf, scheduleTopic, timerTopic } from '@rocketmq-ts/protocol'
import type { History, ObservedQueue, ObservedRecord } from './history.ts'
import type { Violation } from './violation.ts'

/**
 * Decides whether what was acknowledged with a delay, sends and send-backs, arrived where it should, at least once and
 * not before its time.
 * @param delayLevelsMs milliseconds, from level 1 at index 0
 */
export function checkDelays(
  history: History,
  queues: readonly ObservedQueue[],
  delayLevelsMs: readonly number[],
): Violation[] {
  const delivered = Map.groupBy(
    queues.filter(({ topic }) => topic !== scheduleTopic && topic !== timerTopic).flatMap(({ records }) => records),
    ({ id, topic }) => `${id} ${topic}`,
  )
  const violations: Violation[] = []
  for (const send of history.sends) {
    const { delayLevel, timedForMs } = send
    if (delayLevel === 0 && timedForMs === 0) continue
    const records = delivered.get(`${send.id} ${send.topic}`) ?? []
    if (records.length === 0 && send.outcome.kind === 'acknowledged') {
      const when = timedForMs > 0 ? `for ${timedForMs}` : `with level ${delayLevel}`
      violations.push({ rule: 'delayed message not delivered', detail: `${send.id}, sent to ${send.topic} ${when}` })
    }
    const dueMs = timedForMs > 0 ? timedForMs : send.sentAtMs + delayLevelsMs[delayLevel - 1]!
    violations.push(...checkTimes(records, dueMs))
  }
  // A consumer that did not get its answer sends the same message back once more.
  const sendBacks = Map.groupBy(history.sendBacks, ({ id, group }) => `${id} ${retryTopicOf(group)}`)
  for (const [key, attempts] of sendBacks) {
    const records = (delivered.get(key) ?? []).filter(({ reconsumeTimes }) => reconsumeTimes > 0)
    if (records.length === 0 && attempts.some(({ outcome }) => outcome.kind === 'acknowledged')) {
      violations.push({ rule: 'retry not delivered', detail: key })
    }
    const dueTimes = attempts.map(({ delayLevel, sentAtMs }) => sentAtMs + delayLevelsMs[delayLevel - 1]!)
    violations.push(...checkTimes(records, Math.min(...dueTimes)))
  }
  return violations
}

function checkTimes(records: readonly ObservedRecord[], dueAtMs: number): Violation[] {
  return records
    .filter(({ storeTimestamp }) => storeTimestamp < dueAtMs)
    .map(({ id, topic, storeTimestamp }) => ({
      rule: 'delayed message early',
      detail: `${id} was delivered to ${topic} ${dueAtMs - storeTimestamp} ms before its time`,
    }))
}
