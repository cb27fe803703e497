import { applied, atRestart, boolean, durations, int, live, long, notServed } from '@rocketmq-ts/settings'

const delay = 'Delay levels'
const timer = 'Timer'
const minute = 60_000
const hour = 60 * minute
const delayLevels = [
  ...[1, 5, 10, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30].map((minutes) => minutes * minute),
  ...[1, 2].map((hours) => hours * hour),
]

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
  ...notServed(timer, 'messages for any time are not served yet', {
    timerWheelEnable: atRestart(boolean, true, 'Producers may name the time of delivery.'),
    timerPrecisionMs: atRestart(int({ unit: 'ms' }), 1000, 'Milliseconds to which that time is kept.'),
    timerMaxDelaySec: live(int({ unit: 'seconds' }), 259_200, 'Seconds of the longest delay.'),
    timerRollWindowSlot: atRestart(int(), 172_800, 'Slots after which a longer delay goes around again.'),
    timerCongestNumEachSlot: live(int(), 2_147_483_647, 'Messages for the same time.'),
    timerStopEnqueue: live(boolean, false, 'Takes no more of them.'),
    timerStopDequeue: live(boolean, false, 'Delivers none of them.'),
    timerInterceptDelayLevel: live(boolean, false, 'Serves delay levels by the timer too.'),
    timerWheelSnapshotFlush: atRestart(boolean, false, 'Writes the wheel as snapshots.'),
    appendTopicForTimerDeleteKey: live(boolean, false, 'Recalls a message by topic and id.'),
    timerRocksDBEnable: atRestart(boolean, false, 'Keeps timed messages in RocksDB.'),
    transRocksDBEnable: atRestart(boolean, false, 'Keeps transactions in RocksDB.'),
  }),
  ...notServed('Light message queues', 'light message queues are not served yet', {
    enableLmq: atRestart(boolean, false, 'A message may go to many light queues.'),
    enableMultiDispatch: atRestart(boolean, false, 'They are filled from a property of the message.'),
    maxLmqConsumeQueueNum: live(int(), 20_000, 'Light queues.'),
    enableLmqQuota: live(boolean, false, 'Keeps to that number.'),
  }),
}
