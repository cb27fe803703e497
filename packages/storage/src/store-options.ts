import type { Log, Platform } from '@rocketmq-ts/platform'
import type { Follower } from './followers/follower.ts'
import type { RetentionRules } from './retention/retention-plan.ts'
import type { TopicReserve } from './retention/topic-reserve.ts'

/** When a put is confirmed: once the system has it, or once the disk has it. */
export type FlushMode = 'ASYNC_FLUSH' | 'SYNC_FLUSH'

/** What may change while the store runs; it is asked for whenever it is used. Times in milliseconds. */
export interface LiveStoreOptions {
  flushMode: FlushMode
  /** How often the log is synced when nobody waits for it. */
  flushIntervalMs: number
  /** How long a SYNC_FLUSH send waits for the disk. */
  syncTimeoutMs: number
  /** How often it is looked at whether queue units and keys have to be written. */
  queueWriteIntervalMs: number
  /** How often queues and index are synced. */
  queueSyncIntervalMs: number
  /** Whether new messages can be found by key. */
  isKeyIndexEnabled: boolean
  retention: RetentionRules
  /** How often it is looked at what may be deleted. */
  retentionIntervalMs: number
}

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
  keyIndex: { slotCount: number; entryCountMax: number }
  /** Asked very often: gives the same object until something changes. */
  live(): LiveStoreOptions
  checkCrcOnRecover: boolean
  /** Opens a store although messages of its log are lost. Without it such a store is refused. */
  acceptLostMessages?: boolean
  /** Topics whose messages are hidden earlier than the log deletes them; none without it. */
  topicReserves?(): Iterable<TopicReserve>
  /** Delays by level, from level 1 at index 0. */
  delayLevelsMs: readonly number[]
  /** How much of the newest messages is kept in memory. */
  tailBytesMax: number
  /** From so many bytes on, a write is handed to another thread; the default is where that begins to pay. */
  backgroundWriteBytesMin?: number
  /** How much of what was read from files is kept in memory. */
  readCacheBytesMax: number
  openFilesMax: number
  /** For tests: whoever uses memory of the store longer than he may finds other bytes in it. See `LentBytes`. */
  checksMemoryUse?: boolean
  /** What else is derived from the log, behind consume queues and key index. */
  followers?: readonly Follower[]
}
