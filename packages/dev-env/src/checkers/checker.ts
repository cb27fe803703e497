import { checkDelays } from './check-delays.ts'
import { checkCommittedOffsets, type OffsetLimits } from './check-offsets.ts'
import { checkQueries } from './check-queries.ts'
import { checkQueues } from './check-queues.ts'
import type { History, Observation } from './history.ts'
import type { Violation } from './violation.ts'

export interface CheckLimits extends OffsetLimits {
  /** Milliseconds, from level 1 at index 0. */
  readonly delayLevelsMs: readonly number[]
}

/**
 * Decides which of a broker's promises a history breaks. A function of its arguments alone: the load records, this
 * decides.
 * @param observation everything that is in the broker at the end, read when no delayed message is waiting any more
 */
export function checkHistory(history: History, observation: Observation, limits: CheckLimits): Violation[] {
  return [
    ...checkQueues(history, observation.queues),
    ...checkCommittedOffsets(history, limits),
    ...checkDelays(history, observation.queues, limits.delayLevelsMs),
    ...checkQueries(history, observation),
  ]
}
