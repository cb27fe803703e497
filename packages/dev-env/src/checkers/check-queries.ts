import { type History, type Observation, type ObservedRecord, queueKey, type TimeQuery } from './history.ts'
import type { Violation } from './violation.ts'

/** Decides whether keys find their messages, times their offsets, and created topics are there. */
export function checkQueries(history: History, observation: Observation): Violation[] {
  const violations: Violation[] = []
  for (const { topic, key, id, foundIds } of observation.keyQueries) {
    if (foundIds.includes(id)) continue
    const detail = `${key} in ${topic} finds [${foundIds.join(', ')}], not ${id}`
    violations.push({ rule: 'key does not find its message', detail })
  }
  const records = new Map(observation.queues.map((queue) => [queueKey(queue), queue.records]))
  for (const query of observation.timeQueries) {
    const wanted = expectedOffset(records.get(queueKey(query)) ?? [], query)
    if (wanted === query.offset) continue
    const detail = `${queueKey(query)}, ${query.boundary} at ${query.timestampMs}: ${query.offset}, should be ${wanted}`
    violations.push({ rule: 'offset by time wrong', detail })
  }
  for (const { topic, queues, outcome } of history.topicCreations) {
    if (outcome.kind !== 'acknowledged' || observation.topics.get(topic) === queues) continue
    const detail = `${topic} with ${queues} queues, now ${observation.topics.get(topic) ?? 'not there'}`
    violations.push({ rule: 'acknowledged topic lost', detail })
  }
  return violations
}

function expectedOffset(records: readonly ObservedRecord[], { timestampMs, boundary }: TimeQuery): number | undefined {
  if (boundary === 'lower') return records.find((record) => record.storeTimestamp >= timestampMs)?.queueOffset
  const last = records.findLast((record) => record.storeTimestamp <= timestampMs)
  // Of a batch that is one record, its first message.
  return last && last.queueOffset - last.indexInBatch
}
