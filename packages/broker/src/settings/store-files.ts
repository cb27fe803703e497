import {
  applied,
  atRestart,
  boolean,
  computed,
  double,
  fixed,
  hours,
  int,
  live,
  nonEmptyText,
  notServed,
  oneOf,
  text,
} from '@rocketmq-ts/settings'

const files = 'Store files'
const cleaning = 'Deleting old files'
const laidOut = 'the files of this store are laid out by it'

const folder = nonEmptyText('a folder')

/** The official broker takes several folders, and spreads the files of its log over them. */
const oneFolder: typeof folder = {
  ...folder,
  allowed: 'one folder, without a comma',
  parse: (value) =>
    value.includes(',')
      ? { ok: false, reason: 'several folders for one log are not served; move all files of the log into one' }
      : folder.parse(value),
}

const ratio = (min: number, max: number) => int({ min, max, unit: 'percent', clamp: true })

export const storeFilesSettings = {
  ...applied(files, {
    storePathRootDir: fixed(
      'the data of this broker is there',
      folder,
      computed('the folder store in the home folder', ({ homeFolder }) => `${homeFolder}/store`),
      'Folder of everything that the broker keeps.',
    ),
    storePathCommitLog: fixed(
      'the log of this broker is there',
      oneFolder,
      computed('<storePathRootDir>/commitlog', (context) => `${context.textOf('storePathRootDir')}/commitlog`),
      'Folder of the commit log.',
    ),
    mappedFileSizeCommitLog: fixed(
      laidOut,
      int({ min: 1024, unit: 'bytes' }),
      1_073_741_824,
      'Bytes of a commit log file.',
    ),
    mappedFileSizeConsumeQueue: fixed(
      laidOut,
      int({ min: 20, unit: 'bytes' }),
      6_000_000,
      'Bytes of a consume queue file, 20 for each message.',
    ),
    mapperFileSizeBatchConsumeQueue: fixed(
      laidOut,
      int({ min: 46, unit: 'bytes' }),
      13_800_000,
      'Bytes of a consume queue file of a topic with `queue.type=BatchCQ`, 46 for each batch.',
    ),
    maxMessageSize: live(int({ min: 1, unit: 'bytes' }), 4_194_304, 'Bytes of the largest message body.'),
    checkCRCOnRecover: atRestart(boolean, true, 'Recovery after a crash checks the checksum of bodies.'),
    messageIndexEnable: live(boolean, true, 'New messages are found by their keys.'),
    maxHashSlotNum: fixed(laidOut, int({ min: 1 }), 5_000_000, 'Hash slots of a key index file.'),
    maxIndexNum: fixed(laidOut, int({ min: 1 }), 20_000_000, 'Keys in a key index file.'),
  }),
  ...notServed(files, 'only the file format of consume queues is served', {
    storeType: atRestart(
      oneOf(['default'], { defaultRocksDB: 'consume queues in RocksDB are not served' }),
      'default',
      'How consume queues are kept.',
    ),
    indexRocksDBEnable: atRestart(boolean, false, 'Keeps the key index in RocksDB.'),
    enableConsumeQueueExt: atRestart(boolean, false, 'Keeps filter results beside consume queues.'),
    mappedFileSizeConsumeQueueExt: atRestart(int({ unit: 'bytes' }), 50_331_648, 'Bytes of such a file.'),
    bitMapLengthConsumeQueueExt: atRestart(int(), 64, 'Bits of a filter result.'),
  }),
  ...notServed(files, 'the commit log is one folder', {
    readOnlyCommitLogStorePaths: atRestart(text, '', 'Folders of the commit log that are only read.'),
  }),
  ...notServed(files, 'recovery starts at the checkpoint, whatever these say', {
    maxRecoveryCommitlogFiles: atRestart(int(), 30, 'Files that recovery reads at most.'),
    messageIndexSafe: atRestart(boolean, false, 'Recovery starts where the key index is on disk.'),
  }),
  ...applied(files, {
    enableCompaction: atRestart(
      boolean,
      true,
      'The last message of each key is kept of topics with cleanup.policy=COMPACTION.',
    ),
    compactionScheduleInternal: atRestart(
      int({ min: 1, unit: 'ms' }),
      900_000,
      'Milliseconds from one compaction of these topics to the next.',
    ),
    compactionMappedFileSize: fixed(
      laidOut,
      int({ min: 1024, unit: 'bytes' }),
      104_857_600,
      'Bytes of a file of a compacted log, about: they are made a multiple of compactionCqMappedFileSize.',
    ),
    compactionCqMappedFileSize: fixed(
      laidOut,
      int({ min: 92, unit: 'bytes' }),
      10_485_760,
      'Bytes of a file of its units, 46 for each message.',
    ),
    maxOffsetMapSize: atRestart(
      int({ min: 4096, unit: 'bytes' }),
      104_857_600,
      'Bytes of memory for the keys of a compaction, 24 for each key and some room: with more keys it takes several rounds.',
    ),
  }),
  ...notServed(files, 'one queue after the other is compacted, on the thread of the broker', {
    compactionThreadNum: atRestart(int({ min: 1 }), 6, 'Threads that compact.'),
  }),
  ...notServed(files, 'it has no meaning here', {
    duplicationEnable: atRestart(boolean, false, 'Keeps the log twice.'),
    diskFallRecorded: live(boolean, true, 'Counts how far consumers are behind on disk.'),
    debugLockEnable: live(boolean, false, 'Logs what holds a lock too long.'),
  }),
  ...applied(cleaning, {
    fileReservedTime: live(int({ unit: 'hours' }), 72, 'Hours after its last write before a file may go.'),
    deleteWhen: live(hours, [4], 'Hours of the day in which files go, separated by semicolons.'),
    cleanResourceInterval: live(int({ min: 1, unit: 'ms' }), 10_000, 'Milliseconds between two looks at it.'),
    diskMaxUsedSpaceRatio: live(ratio(10, 95), 75, 'Percent of the disk in use above which files go at any hour.'),
    diskSpaceCleanForciblyRatio: live(
      ratio(30, 100),
      85,
      'Percent above which files go even before fileReservedTime has passed.',
    ),
    diskSpaceWarningLevelRatio: live(ratio(35, 100), 90, 'Percent above which messages are refused.'),
    cleanFileForciblyEnable: live(boolean, true, 'Files may go before fileReservedTime on a full disk.'),
  }),
  ...notServed(cleaning, 'files are deleted without a pause, and what is being read of one can be read to its end', {
    deleteCommitLogFilesInterval: live(int({ unit: 'ms' }), 100, 'Milliseconds between deleting two log files.'),
    destroyMapedFileIntervalForcibly: live(
      int({ unit: 'ms' }),
      120_000,
      'Milliseconds for which a file that is being read is kept before it goes all the same.',
    ),
  }),
  ...notServed(cleaning, 'consume queue files go together with the log that they point to', {
    deleteConsumeQueueFilesInterval: live(int({ unit: 'ms' }), 100, 'Milliseconds between deleting two of them.'),
    redeleteHangedFileInterval: live(int({ unit: 'ms' }), 120_000, 'Milliseconds between attempts at a held file.'),
    logicalDiskSpaceCleanForciblyThreshold: live(
      double({ max: 1 }),
      0.8,
      'Part of the disk in use above which the oldest go, with several folders.',
    ),
  }),
}
