import { applied, atRestart, boolean, int, live, long, notServed } from '@rocketmq-ts/settings'

const area = 'POP'

export const popSettings = {
  ...applied(area, {
    reviveQueueNum: atRestart(
      int({ min: 1, max: 998 }),
      8,
      'Queues of the topic that keeps checkpoints and acknowledgements.',
    ),
    popCkMaxBufferSize: live(
      int({ min: 1 }),
      200_000,
      'Checkpoints with messages that are not acknowledged, beyond which no more are given out.',
    ),
    enableRetryTopicV2: live(boolean, false, 'Names retry topics with a plus sign.'),
    retrieveMessageFromPopRetryTopicV1: live(boolean, true, 'Reads retry topics of the old name too.'),
    popFromRetryProbability: live(
      int({ min: 0, max: 100 }),
      20,
      'Percent of requests that look at the retry topic first.',
    ),
    popFromRetryProbabilityForPriority: live(
      int({ min: 0, max: 100 }),
      0,
      'The same where messages have priorities, and are given by them.',
    ),
    priorityOrderAsc: live(boolean, true, 'The larger number is the higher priority.'),
    useSeparateRetryQueue: live(boolean, false, 'A retry topic has as many queues as its topic.'),
    popPollingMapSize: atRestart(
      int({ min: 1 }),
      100_000,
      'Combinations of topic, group and queue that requests may wait for.',
    ),
    popPollingSize: live(int({ min: 0 }), 1024, 'Requests that wait for the same combination.'),
    maxPopPollingSize: live(long({ min: 0 }), 100_000, 'Requests that wait in total.'),
    popResponseReturnActualRetryTopic: live(boolean, false, 'Shows the name of the retry topic to consumers.'),
    enablePopMessageThreshold: live(boolean, false, 'Limits messages that are delivered and not acknowledged.'),
    popInflightMessageThreshold: live(
      long({ min: 0 }),
      10_000,
      'That limit, for each group and queue: beyond it nothing more is given out.',
    ),
  }),
  ...notServed(area, 'each message is visible again when its time is over: there are no rounds', {
    reviveInterval: live(long({ unit: 'ms' }), 1000, 'Milliseconds between two rounds of revival.'),
    reviveScanTime: live(long({ unit: 'ms' }), 10_000, 'Milliseconds of messages that a round looks at.'),
    enableSkipLongAwaitingAck: live(boolean, false, 'Passes over acknowledgements whose checkpoint is missing.'),
  }),
  ...notServed(area, 'checkpoints and acknowledgements are always stored before they are answered', {
    enablePopBufferMerge: live(boolean, false, 'Matches checkpoints and acknowledgements in memory.'),
    popCkStayBufferTime: live(int({ unit: 'ms' }), 10_000, 'Milliseconds that a checkpoint stays in memory.'),
    appendAckAsync: live(boolean, false, 'Answers before an acknowledgement is stored.'),
    appendCkAsync: live(boolean, false, 'Answers before a checkpoint is stored.'),
  }),
  ...notServed(area, 'checkpoints are records of a topic: there is no RocksDB', {
    popConsumerKVServiceInit: atRestart(boolean, false, 'Opens a RocksDB for checkpoints.'),
    popConsumerKVServiceEnable: atRestart(boolean, false, 'Keeps checkpoints in RocksDB.'),
    popReviveMaxAttemptTimes: live(int(), 16, 'Attempts at revival with RocksDB.'),
  }),
}
