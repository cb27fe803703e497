import { applied, atRestart, boolean, int, live, long, notServed, oneOf } from '@rocketmq-ts/settings'

const flush = 'Flushing'
const reads = 'Reading'
const noPages = 'what was written is flushed as a whole'
const noMap = 'files are written without memory maps'

export const flushAndReadsSettings = {
  ...applied(flush, {
    flushDiskType: live(
      oneOf(['ASYNC_FLUSH', 'SYNC_FLUSH']),
      'ASYNC_FLUSH',
      'When a message is acknowledged: in the hands of the system (ASYNC_FLUSH) or on disk (SYNC_FLUSH).',
    ),
    flushIntervalCommitLog: live(int({ min: 1, unit: 'ms' }), 500, 'Milliseconds between two flushes of the log.'),
    flushIntervalConsumeQueue: live(
      int({ min: 1, unit: 'ms' }),
      1000,
      'Milliseconds between two looks at what of consume queues and key index has to be written.',
    ),
    flushConsumeQueueThoroughInterval: live(
      int({ min: 1, unit: 'ms' }),
      60_000,
      'Milliseconds between two flushes of consume queues and key index.',
    ),
    syncFlushTimeout: live(
      int({ min: 1, unit: 'ms' }),
      5000,
      'Milliseconds that SYNC_FLUSH has before FLUSH_DISK_TIMEOUT is answered.',
    ),
  }),
  ...notServed(flush, noPages, {
    flushCommitLogThoroughInterval: live(
      int({ min: 1, unit: 'ms' }),
      10_000,
      'Milliseconds after which all of the log is flushed.',
    ),
    flushCommitLogTimed: live(boolean, true, 'Flushes at fixed times.'),
    flushCommitLogLeastPages: live(int(), 4, 'Pages of 4 KiB that a flush of the log is worth.'),
    flushConsumeQueueLeastPages: live(int(), 2, 'Pages of 4 KiB that a flush of a consume queue is worth.'),
  }),
  ...notServed(flush, noMap, {
    commitIntervalCommitLog: live(int({ unit: 'ms' }), 200, 'Milliseconds between two writes of the pool.'),
    commitCommitLogLeastPages: live(int(), 4, 'Pages of 4 KiB that such a write is worth.'),
    commitCommitLogThoroughInterval: live(int({ unit: 'ms' }), 200, 'Milliseconds after which all is written.'),
    flushLeastPagesWhenWarmMapedFile: live(int(), 4096, 'Pages flushed at a time while a new file is warmed.'),
    warmMapedFileEnable: live(boolean, false, 'Touches all pages of a new file.'),
    transientStorePoolEnable: atRestart(boolean, false, 'Gathers messages in a pool of memory first.'),
    transientStorePoolSize: atRestart(int(), 5, 'Buffers of the pool.'),
    fastFailIfNoBufferInStorePool: live(boolean, false, 'Refuses messages while the pool is empty.'),
  }),
  ...notServed(flush, 'a broker is one event loop and takes no locks', {
    useReentrantLockWhenPutMessage: atRestart(boolean, true, 'Which lock guards the log.'),
    osPageCacheBusyTimeOutMills: live(long({ unit: 'ms' }), 1000, 'Milliseconds of that lock that mean busy.'),
    putMessageTimeout: live(int({ unit: 'ms' }), 8000, 'Milliseconds that storing a message may take.'),
  }),
  ...applied(reads, {
    maxTransferBytesOnMessageInMemory: live(
      int({ min: 1, unit: 'bytes' }),
      262_144,
      'Bytes of a pull of new messages.',
    ),
    maxTransferCountOnMessageInMemory: live(int({ min: 1 }), 32, 'Messages of a pull of new messages.'),
    maxFilterMessageSize: live(
      int({ min: 1, unit: 'bytes' }),
      16_000,
      'Bytes of a consume queue that a pull looks at, 20 for each message.',
    ),
    maxMsgsNumBatch: live(int({ min: 1 }), 64, 'Messages of a query by key.'),
    defaultQueryMaxNum: live(int({ min: 1 }), 32, 'Messages that a query by unique id looks at.'),
  }),
  ...notServed(reads, 'old messages are given as new ones are', {
    maxTransferBytesOnMessageInDisk: live(int({ min: 1, unit: 'bytes' }), 65_536, 'Bytes of a pull of old messages.'),
    maxTransferCountOnMessageInDisk: live(int({ min: 1 }), 8, 'Messages of a pull of old messages.'),
    accessMessageInMemoryMaxRatio: live(
      int({ max: 100, unit: 'percent' }),
      40,
      'Percent of memory that holds the newest part of the log: what lies before it is old.',
    ),
    pullBatchMaxMessageCount: live(int({ min: 1 }), 160, 'Messages of any pull.'),
  }),
  ...notServed(reads, 'the system keeps what it read', {
    readUnCommitted: live(boolean, false, 'Gives messages before they are confirmed.'),
    dataReadAheadEnable: live(boolean, true, 'Lets the system read ahead.'),
  }),
}
