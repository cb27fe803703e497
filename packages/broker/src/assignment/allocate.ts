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
