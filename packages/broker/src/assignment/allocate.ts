import { evenRun } from '@rocketmq-ts/base'
import type { QueueKey } from './topic-routes.ts'

/**
 * Divides queues among the members of a group: which of them are one member's.
 * @param queues in the same order for all members
 * @param index of the member, from 0
 * @param memberCount at least 1
 */
export type Allocate = (queues: readonly QueueKey[], index: number, memberCount: number) => readonly QueueKey[]

/** The queues go round the members, one after the other. */
function inTurns(queues: readonly QueueKey[], index: number, memberCount: number): readonly QueueKey[] {
  return queues.filter((_queue, turn) => turn % memberCount === index)
}

/** By the names that clients know them by. The official broker has no others either. */
export const allocations: ReadonlyMap<string, Allocate> = new Map([
  ['AVG', evenRun],
  ['AVG_BY_CIRCLE', inTurns],
])

/** In place of the queues of a broker: all of them. */
const anyQueue = -1

/**
 * Divides queues among members that pop them: several may have the same one.
 * @param index of the member, from 0; -1 for one that is not there
 * @param shareCount members that share the queues of one, beside it; 0 or less when all share all
 */
export function allocateForPop(
  allocate: Allocate,
  queues: readonly QueueKey[],
  index: number,
  memberCount: number,
  shareCount: number,
): readonly QueueKey[] {
  if (shareCount <= 0 || shareCount >= memberCount - 1) {
    const brokers = new Map(queues.map(({ topic, brokerName }) => [brokerName, topic]))
    return [...brokers].map(([brokerName, topic]) => ({ topic, brokerName, queueId: anyQueue }))
  }
  if (index < 0) return []
  // Each member has a queue at least.
  if (memberCount > queues.length) return [queues[index % queues.length]!]
  const indices = Array.from({ length: shareCount + 1 }, (_, distance) => (index + distance) % memberCount)
  return indices.flatMap((each) => allocate(queues, each, memberCount))
}
