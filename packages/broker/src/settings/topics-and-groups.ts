import { applied, atRestart, boolean, int, live, long, nonEmptyText, notServed, oneOf } from '@rocketmq-ts/settings'

const topics = 'Topics'
const consumers = 'Consumers'

export const topicsAndGroupsSettings = {
  ...applied(topics, {
    autoCreateTopicEnable: live(boolean, true, 'A message to an unknown topic creates it, like the topic TBW102.'),
    defaultTopicQueueNums: live(
      int({ min: 1 }),
      8,
      'Queues of TBW102, the most that a topic created by a message has.',
    ),
    clusterTopicEnable: atRestart(boolean, true, 'The topic named like the cluster takes and gives messages.'),
    brokerTopicEnable: atRestart(boolean, true, 'The topic named like the broker takes and gives messages.'),
    enableMixedMessageType: live(
      boolean,
      false,
      'Topics may be made that take messages of all types (message.type=MIXED).',
    ),
    enableTopicMessageTypeCheck: live(
      boolean,
      false,
      'Topics take messages of their type (message.type) alone. In RocketMQ the proxy checks this, and no broker.',
    ),
    traceTopicEnable: atRestart(boolean, false, 'Creates the topic that message traces go to.'),
    msgTraceTopicName: atRestart(nonEmptyText('a topic'), 'RMQ_SYS_TRACE_TOPIC', 'Topic that message traces go to.'),
    brokerTraceEnable: live(
      boolean,
      false,
      'Traces what the broker itself does to messages: redelivery, delay, transactions. Not a key of RocketMQ.',
    ),
    forwardTimeout: live(
      long({ min: 1, unit: 'ms' }),
      3000,
      'Milliseconds for asking another broker that holds a part of a static topic.',
    ),
    traceOn: live(boolean, true, 'Tells clients in answers that they may trace messages.'),
  }),
  ...notServed(topics, 'statistics are always kept and always by queue', {
    enableDetailStat: live(boolean, true, 'Statistics of each queue.'),
    maxStatsIdleTimeInMinutes: live(int({ min: -1 }), -1, 'Minutes after which idle statistics go; -1 keeps them.'),
  }),
  ...notServed(topics, 'the configuration is kept in JSON files', {
    configManagerVersion: atRestart(nonEmptyText('a version'), 'v1', 'How the configuration is kept.'),
  }),
  ...applied(consumers, {
    autoCreateSubscriptionGroup: live(boolean, true, 'The first use of an unknown consumer group creates it.'),
    longPollingEnable: live(boolean, true, 'A pull that finds nothing waits for a message as long as it asked for.'),
    shortPollingTimeMills: live(
      long({ min: 1, unit: 'ms' }),
      1000,
      'Milliseconds that such a pull waits without long polling.',
    ),
    notifyConsumerIdsChangedEnable: live(boolean, true, 'Tells the consumers of a group when others come or go.'),
    litePullMessageEnable: live(boolean, true, 'Serves LITE_PULL_MESSAGE.'),
    flushConsumerOffsetInterval: atRestart(
      int({ min: 1, unit: 'ms' }),
      5000,
      'Milliseconds between two writes of consumerOffset.json.',
    ),
    useServerSideResetOffset: live(boolean, true, 'Keeps reset offsets in the broker until a pull uses them.'),
  }),
  ...notServed(consumers, 'consumers that have not registered may pull', {
    rejectPullConsumerEnable: live(boolean, false, 'Refuses pulls of consumers that have not registered.'),
  }),
  ...notServed(consumers, 'replication is not served yet', {
    slaveReadEnable: live(boolean, false, 'Sends readers of old messages to a slave.'),
    lockInStrictMode: live(boolean, false, 'A queue is locked when most replicas agree.'),
  }),
  ...notServed(consumers, 'answers are always slices of what was read', {
    transferMsgByHeap: live(boolean, true, 'Copies messages into an answer instead of sending a region of the file.'),
  }),
  ...applied(consumers, {
    // Off in RocketMQ: but an expression costs only those who subscribe by one, and how much is bounded.
    enablePropertyFilter: live(boolean, true, 'Consumers may filter by SQL92 expressions.'),
    filterSupportRetry: live(
      boolean,
      false,
      'Expressions on a retry topic are those of the topic that a message is of.',
    ),
    expectConsumerNumUseFilter: atRestart(
      int({ min: 1 }),
      32,
      'Groups with expressions to expect: what consumerFilter.json tells an official broker follows from it.',
    ),
    maxErrorRateOfBloomFilter: atRestart(
      int({ min: 1, max: 49, unit: 'percent' }),
      20,
      'Percent of wrong guesses that such a broker takes, which follows too.',
    ),
    filterDataCleanTimeSpan: live(
      long({ min: 0, unit: 'ms' }),
      86_400_000,
      'Milliseconds that the expressions of absent consumers are kept.',
    ),
  }),
  ...notServed(consumers, 'expressions are asked when messages are read', {
    enableCalcFilterBitMap: atRestart(boolean, false, 'Prepares the results of filters when a message is stored.'),
  }),
  ...notServed(consumers, 'slow consumers are never stopped', {
    disableConsumeIfConsumerReadSlowly: live(boolean, false, 'Stops groups that fall too far behind.'),
    consumerFallbehindThreshold: live(long({ unit: 'bytes' }), 17_179_869_184, 'Bytes behind which are too far.'),
  }),
  ...notServed(consumers, 'no history of offsets is kept', {
    flushConsumerOffsetHistoryInterval: atRestart(
      int({ unit: 'ms' }),
      60_000,
      'Milliseconds between two writes of it.',
    ),
  }),
  ...notServed(consumers, 'the gRPC proxy is not served yet', {
    enableBroadcastOffsetStore: live(boolean, true, 'Keeps offsets of broadcast consumers behind a proxy.'),
  }),
  ...applied(consumers, {
    serverLoadBalancerEnable: live(boolean, true, 'Divides the queues among the consumers that ask for theirs.'),
    defaultMessageRequestMode: live(
      oneOf(['PULL', 'POP']),
      'PULL',
      'How a group consumes when nothing was set for it.',
    ),
    defaultPopShareQueueNum: live(
      int({ min: -1 }),
      -1,
      'Consumers that share the queues of one by POP, beside it; -1 for all.',
    ),
  }),
  ...notServed(consumers, 'changes are always told at once', {
    realTimeNotifyConsumerChange: live(boolean, true, 'Tells changes of a group at once.'),
  }),
  ...notServed(consumers, 'subscriptions live as long as their clients', {
    subscriptionExpiredTimeout: live(
      long({ unit: 'ms' }),
      600_000,
      'Milliseconds after which an unused one is dropped.',
    ),
  }),
  ...applied(consumers, {
    storeReplyMessageEnable: live(boolean, true, 'Stores replies, beside handing them to those who asked.'),
  }),
  ...applied(consumers, {
    enableLmqStats: live(boolean, false, 'Statistics of each light queue; otherwise of all of them as one.'),
  }),
}
