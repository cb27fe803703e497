import type { Log, Platform } from '@rocketmq-ts/platform'
import type { LiveStoreOptions, QueueTypes, RetentionRules, StoreOptions, TopicReserve } from '@rocketmq-ts/storage'
import type { BrokerSettings } from './settings/index.ts'

const mebibyte = 1024 * 1024
/** The newest messages in memory: about a second of a broker at full rate. */
const tailBytesMax = 32 * mebibyte
const readCacheBytesMax = 16 * mebibyte
const openFilesMax = 1024

/** What the one who starts a broker says about its store. */
export interface StoreStart {
  /** It is opened although messages of its log are lost, which is refused otherwise. */
  acceptLostMessages?: boolean | undefined
  /** For tests: whoever uses its memory longer than he may finds other bytes in it. */
  checksMemoryUse?: boolean | undefined
}

/**
 * How the store of a broker with these settings is set up.
 * @param current the settings as they are now: some can be changed while the broker runs
 * @param topicReserves topics whose messages go earlier than the log
 * @param queueTypes which topics have queues of batches
 */
export function storeOptions(
  settings: BrokerSettings,
  current: () => BrokerSettings,
  topicReserves: () => Iterable<TopicReserve>,
  queueTypes: QueueTypes,
  platform: Platform,
  log: Log,
  processId: number,
  { acceptLostMessages = false, checksMemoryUse = false }: StoreStart = {},
): StoreOptions {
  return {
    platform,
    log,
    processId,
    rootPath: settings.storePathRootDir,
    commitLogPath: settings.storePathCommitLog,
    commitLogSegmentBytes: settings.mappedFileSizeCommitLog,
    consumeQueueSegmentBytes: settings.mappedFileSizeConsumeQueue,
    batchQueueSegmentBytes: settings.mapperFileSizeBatchConsumeQueue,
    queueTypes,
    keyIndex: {
      slotCount: settings.maxHashSlotNum,
      entryCountMax: settings.maxIndexNum,
    },
    live: liveStoreOptions(current),
    acceptLostMessages,
    checksMemoryUse,
    checkCrcOnRecover: settings.checkCRCOnRecover,
    hasLightQueues: settings.enableLmq,
    hasLightSlots: settings.enableLmqSharedFile,
    topicReserves,
    compaction: settings.enableCompaction
      ? {
          recordFileBytes: settings.compactionMappedFileSize,
          unitFileBytes: settings.compactionCqMappedFileSize,
          keyBytesMax: settings.maxOffsetMapSize,
          intervalMs: settings.compactionScheduleInternal,
        }
      : undefined,
    delayLevelsMs: settings.messageDelayLevel,
    tailBytesMax,
    readCacheBytesMax,
    openFilesMax,
  }
}

/** What may change while the store runs; made anew when a setting has changed. */
function liveStoreOptions(current: () => BrokerSettings): () => LiveStoreOptions {
  let settings: BrokerSettings | undefined
  let live: LiveStoreOptions
  return () => {
    const now = current()
    if (now !== settings) {
      settings = now
      live = {
        flushMode: now.flushDiskType,
        flushIntervalMs: now.flushIntervalCommitLog,
        syncTimeoutMs: now.syncFlushTimeout,
        queueWriteIntervalMs: now.flushIntervalConsumeQueue,
        queueSyncIntervalMs: now.flushConsumeQueueThoroughInterval,
        isKeyIndexEnabled: now.messageIndexEnable,
        retention: retentionRules(now),
        lightQueuesMax: now.enableLmqQuota ? now.maxLmqConsumeQueueNum : Number.POSITIVE_INFINITY,
        retentionIntervalMs: now.cleanResourceInterval,
      }
    }
    return live
  }
}

const hourMs = 3_600_000

/** How long files of the log stay, in milliseconds. */
export function logReservedMs(settings: BrokerSettings): number {
  return settings.fileReservedTime * hourMs
}

function retentionRules(settings: BrokerSettings): RetentionRules {
  return {
    reservedMs: logReservedMs(settings),
    deleteHours: settings.deleteWhen,
    cleanRatio: settings.diskMaxUsedSpaceRatio / 100,
    forceRatio: settings.diskSpaceCleanForciblyRatio / 100,
    fullRatio: settings.diskSpaceWarningLevelRatio / 100,
    mayForce: settings.cleanFileForciblyEnable,
  }
}
