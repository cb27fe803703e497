import type { Clock } from '@rocketmq-ts/platform'
import { lockBatchMq } from './handlers/lock-batch-mq.ts'
import { unlockBatchMq } from './handlers/unlock-batch-mq.ts'
import { QueueLocks } from './queue-locks.ts'

export interface LocksParts {
  clock: Clock
  settings(): { maxQueueLockNum: number }
  groups: { onDelete(listener: (group: string) => void): void }
}

/** Locks on queues whose messages are to be handled in order. */
export function createLocks({ clock, settings, groups }: LocksParts) {
  const locks = new QueueLocks(clock, () => settings().maxQueueLockNum)
  groups.onDelete((group) => locks.removeGroup(group))
  return {
    table: locks,
    handlers: { lockBatchMq: lockBatchMq({ locks }), unlockBatchMq: unlockBatchMq({ locks }) },
    stats: () => ({ groups: locks.groupCount }),
  }
}
