import { applied, atRestart, boolean, durations, fixed, int, live, long, notServed } from '@rocketmq-ts/settings'

const delay = 'Delay levels'
const timer = 'Timer'
const minute = 60_000
const hour = 60 * minute
const delayLevels = [
  ...[1, 5, 10, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30].map((minutes) => minutes * minute),
  ...[1, 2].map((hours) => hours * hour),
]

/** Half of the wheel, less a minute. */
const timerWindowSlotsMax = 7 * 86_400 - 60

const lightQueues = 'Light message queues'

export const delayAndTimerSettings = {
  ...applied(delay, {
    messageDelayLevel: atRestart(durations, delayLevels, 'Times of the delay levels, from level 1 up.'),
    flushDelayOffsetInterval: atRestart(
      long({ min: 1, unit: 'ms' }),
      10_000,
      'Milliseconds between two writes of delayOffset.json.',
    ),
  }),
  ...notServed(delay, 'delayed messages are always delivered in their order', {
    enableScheduleAsyncDeliver: atRestart(boolean, false, 'Delivers several at a time.'),
  }),
  ...applied(timer, {
    timerWheelEnable: atRestart(boolean, true, 'Producers may name the time of delivery.'),
    timerPrecisionMs: atRestart(
      int({ min: 1, max: 60_000, unit: 'ms' }),
      1000,
      'Milliseconds by which a message may come later than its time.',
    ),
    timerMaxDelaySec: live(int({ min: 0, unit: 'seconds' }), 259_200, 'Seconds of the longest delay.'),
    timerRollWindowSlot: atRestart(
      int({ min: 2, max: timerWindowSlotsMax, clamp: true }),
      172_800,
      'Slots of timerPrecisionMs after which a longer delay goes around again.',
    ),
    timerCongestNumEachSlot: live(
      int({ min: 0 }),
      2_147_483_647,
      'Messages that are due at one time; of more a part is refused, of twice as many all.',
    ),
    timerStopEnqueue: live(boolean, false, 'Takes no message to where it waits for its time.'),
    timerStopDequeue: live(boolean, false, 'Delivers no message whose time has come.'),
    appendTopicForTimerDeleteKey: live(boolean, false, 'Recalls a message by topic and id.'),
    timerFlushIntervalMs: atRestart(
      int({ min: 1, unit: 'ms' }),
      1000,
      'Milliseconds between two writes of the files of the timer.',
    ),
    mappedFileSizeTimerLog: fixed(
      'the files of this store are laid out by it',
      int({ min: 4096, unit: 'bytes' }),
      104_857_600,
      'Bytes of a file of the timer log.',
    ),
  }),
  ...applied('Recall', {
    recallMessageEnable: live(boolean, false, 'Producers may recall messages that wait for their time.'),
    allowRecallWhenBrokerNotWriteable: live(boolean, true, 'Even while the broker takes no messages.'),
  }),
  ...notServed(timer, 'the wheel is written in place, and made again from the timer log after a crash', {
    timerWheelSnapshotFlush: atRestart(boolean, false, 'Writes the wheel as snapshots.'),
  }),
  ...notServed(timer, 'delay levels have queues of their own', {
    timerInterceptDelayLevel: live(boolean, false, 'Serves delay levels by the timer too.'),
  }),
  ...notServed(timer, 'this broker keeps everything in files', {
    timerRocksDBEnable: atRestart(boolean, false, 'Keeps timed messages in RocksDB.'),
    transRocksDBEnable: atRestart(boolean, false, 'Keeps transactions in RocksDB.'),
  }),
  ...applied(lightQueues, {
    enableLmq: atRestart(
      boolean,
      false,
      'Messages stand in the light queues too that they name (INNER_MULTI_DISPATCH).',
    ),
    maxLmqConsumeQueueNum: live(int({ min: 0 }), 20_000, 'Light queues that there may be, with enableLmqQuota.'),
    enableLmqQuota: live(boolean, false, 'Refuses messages that would make more light queues.'),
    // Of this broker alone.
    enableLmqSharedFile: atRestart(
      boolean,
      true,
      'Light queues with few messages share one file; otherwise each has files of its own, as official brokers lay them out.',
    ),
  }),
  ...notServed(lightQueues, 'enableLmq alone decides', {
    enableMultiDispatch: atRestart(
      boolean,
      false,
      'Light queues are filled, where official brokers keep them in files.',
    ),
  }),
}
