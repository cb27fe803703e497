import { applied, atRestart, boolean, computed, int, live, long, notServed } from '@rocketmq-ts/settings'

const admission = 'Admission'
const threads = 'Thread pools'
const noPool = 'there is no thread pool: a broker is one event loop'

const asManyAs = (most: number) =>
  computed(`the number of processors, at most ${most}`, ({ processors }) => Math.min(most, processors))

export const admissionSettings = {
  ...applied(admission, {
    sendThreadPoolQueueCapacity: live(int({ min: 1 }), 10_000, 'Messages that may wait to be stored.'),
    pullThreadPoolQueueCapacity: live(int({ min: 1 }), 100_000, 'Pulls that may wait to be served.'),
    endTransactionPoolQueueCapacity: live(int({ min: 1 }), 100_000, 'Ends of transactions that may wait.'),
  }),
  ...notServed(admission, 'only sends, pulls and ends of transactions are limited', {
    queryThreadPoolQueueCapacity: atRestart(int(), 20_000, 'Queries that may wait.'),
    clientManagerThreadPoolQueueCapacity: atRestart(int(), 1_000_000, 'Requests of client management that may wait.'),
    consumerManagerThreadPoolQueueCapacity: atRestart(int(), 1_000_000, 'Requests about offsets that may wait.'),
    waitTimeMillsInPullQueue: live(long({ unit: 'ms' }), 5000, 'Milliseconds that a pull may wait.'),
    waitTimeMillsInHeartbeatQueue: live(long({ unit: 'ms' }), 31_000, 'Milliseconds that a heartbeat may wait.'),
  }),
  ...notServed(admission, 'a request is taken up in the turn of the loop in which it arrives', {
    waitTimeMillsInSendQueue: live(long({ unit: 'ms' }), 200, 'Milliseconds that a message may wait.'),
    brokerFastFailureEnable: live(boolean, true, 'Refuses requests that waited too long.'),
  }),
  ...applied(admission, {
    coldDataFlowControlEnable: live(
      boolean,
      false,
      'Limits how much is read of messages that are not in memory any more.',
    ),
    cgColdReadThreshold: live(
      long({ unit: 'bytes' }),
      3_145_728,
      'Bytes of such messages that a group may read in 5 seconds.',
    ),
    globalColdReadThreshold: live(
      long({ unit: 'bytes' }),
      104_857_600,
      'Bytes of such messages that all groups may read in 5 seconds.',
    ),
  }),
  ...notServed(admission, 'the limits for reading old messages stay as they are set', {
    coldCtrStrategyEnable: live(boolean, false, 'Adapts the limits for reading old messages.'),
  }),
  ...notServed(threads, noPool, {
    sendMessageThreadPoolNums: atRestart(int(), asManyAs(4), 'Threads that store messages.'),
    pullMessageThreadPoolNums: atRestart(
      int(),
      computed('16 and twice the number of processors', ({ processors }) => 16 + processors * 2),
      'Threads that serve pulls.',
    ),
    ackMessageThreadPoolNums: atRestart(int(), 16, 'Threads that serve acknowledgements.'),
    queryMessageThreadPoolNums: atRestart(
      int(),
      computed('8 and the number of processors', ({ processors }) => 8 + processors),
      'Threads that serve queries.',
    ),
    adminBrokerThreadPoolNums: atRestart(int(), 16, 'Threads that serve administration.'),
    clientManageThreadPoolNums: atRestart(int(), 32, 'Threads that serve client management.'),
    consumerManageThreadPoolNums: atRestart(int(), 32, 'Threads that serve offsets.'),
    heartbeatThreadPoolNums: atRestart(int(), asManyAs(32), 'Threads that serve heartbeats.'),
    endTransactionThreadPoolNums: atRestart(
      int(),
      computed('the larger of 8 and twice the processors, and 4 times sendMessageThreadPoolNums', (context) =>
        Math.max(8 + context.processors * 2, context.numberOf('sendMessageThreadPoolNums') * 4),
      ),
      'Threads that end transactions.',
    ),
  }),
}
