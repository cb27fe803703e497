import type { Log, Platform } from '@rocketmq-ts/platform'
import type { CompactionOptions } from './compaction/compacted-logs.ts'
import type { Follower } from './followers/follower.ts'
import type { QueueTypes } from './queues/queue-folders.ts'
import type { RetentionRules } from './retention/retention-plan.ts'
import type { TopicReserve } from './retention/topic-reserve.ts'

/** When a put is confirmed: once the operating system has it, or once it is synced to the disk. */
export type FlushMode = 'ASYNC_FLUSH' | 'SYNC_FLUSH'

/** Options that may change while the store runs; they are read at each use. Times in milliseconds. */
export interface LiveStoreOptions {
  flushMode: FlushMode
  /** How often the log is synced when nobody waits for it. */
  flushIntervalMs: number
  /** How long a SYNC_FLUSH send waits for the disk. */
  syncTimeoutMs: number
  /** How often the store checks whether queue units and keys must be written. */
  queueWriteIntervalMs: number
  /** How often queues and index are synced. */
  queueSyncIntervalMs: number
  /** Whether new messages can be found by key. */
  isKeyIndexEnabled: boolean
  retention: RetentionRules
  /** Light queues that there may be. */
  lightQueuesMax: number
  /** How often the store looks for files to delete and messages to hide. */
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
  /** A multiple of 46. */
  batchQueueSegmentBytes: number
  /** Which topics have queues of batches; none by default. Asked while the store is opened, too. */
  queueTypes?: QueueTypes
  keyIndex: { slotCount: number; entryCountMax: number }
  /** Called very often: returns the same object until something changes. */
  live(): LiveStoreOptions
  checkCrcOnRecover: boolean
  /** Whether messages stand in the light queues that they name too. */
  hasLightQueues?: boolean
  /** Whether light queues with few messages are in one file (the default). Otherwise each has files of its own. */
  hasLightSlots?: boolean
  /** Light queues that are open at once; of the others no more than name and end is in memory. */
  openLightQueuesMax?: number
  /** Whether to open a store although messages of its log are lost; otherwise such a store is refused. */
  acceptLostMessages?: boolean
  /** Topics whose messages are hidden earlier than the log deletes them; none by default. */
  topicReserves?(): Iterable<TopicReserve>
  /** How the topics are compacted that `MessageStore.compact` names; without it none is. */
  compaction?: CompactionOptions | undefined
  /** Delays by level, from level 1 at index 0. */
  delayLevelsMs: readonly number[]
  /** How much of the newest messages is kept in memory. */
  tailBytesMax: number
  /** Writes of at least this size are handed to another thread; the default is where that begins to pay. */
  backgroundWriteBytesMin?: number
  /** How much memory the cache of blocks read from files may take. */
  readCacheBytesMax: number
  openFilesMax: number
  /** For tests: memory of the store that is used for too long has other bytes in it. See `LentBytes`. */
  checksMemoryUse?: boolean
  /** Further followers of the log; consume queues and key index come first. */
  followers?: readonly Follower[]
}
