import type { Log, Platform } from '@rocketmq-ts/platform'

import type { RetentionRules } from './retention/retention-plan.ts'
import type { TopicReserve } from './retention/topic-reserve.ts'

export type FlushMode = 'ASYNC_FLUSH' | 'SYNC_FLUSH'

/** How a store is set up. Sizes in bytes, times in milliseconds. */
export interface StoreOptions {
  platform: Pick<Platform, 'fileSystem' | 'clock'>
  log: Log
  processId: number
  rootPath: string
  commitLogPath: string
  commitLogSegmentBytes: number
  /** A multiple of 20. */
  consumeQueueSegmentBytes: number
  keyIndex: { isEnabled: boolean; slotCount: number; entryCountMax: number }
  flushMode: FlushMode
  /** How often the log is synced when nobody waits for it. */
  flushIntervalMs: number
  /** How long a SYNC_FLUSH send waits for the disk. */
  syncTimeoutMs: number
  /** How often queue units and keys that wait are looked at. */
  queueWriteIntervalMs: number
  /** How often queues and index are synced. */
  queueSyncIntervalMs: number
  checkCrcOnRecover: boolean
  retentionRules(): RetentionRules
  /** Topics whose messages are hidden earlier than the log deletes them; none without it. */
  topicReserves?(): Iterable<TopicReserve>
  /** How often it is looked at what may be deleted. */
  retentionIntervalMs: number
  /** Delays by level, from level 1 at index 0. */
  delayLevelsMs: readonly number[]
  /** How much of the newest messages is kept in memory. */
  tailBytesMax: number
  /** So much is written in the background, not at once; the default is what a thread hop costs less than. */
  backgroundWriteBytesMin?: number
  /** How much of what was read from files is kept in memory. */
  readCacheBytesMax: number
  openFilesMax: number
}
