import type { Clock, Log, Random } from '@rocketmq-ts/platform'
import { type AnyCommand, reviveGroup, reviveTopicOf } from '@rocketmq-ts/protocol'
import type { Handler, RemotingConnection } from '@rocketmq-ts/remoting'
import type { MessageStore } from '@rocketmq-ts/storage'
import type { ConsumerFilterTable, ExpressionCompiler } from '../filters/index.ts'
import type { GroupTable } from '../groups/index.ts'
import type { Identity } from '../identity.ts'
import { Intake, type MessageSink } from '../intake/intake.ts'
import type { TimerDecision } from '../intake/transforms.ts'
import type { KeptFolder } from '../kept/index.ts'
import { LoopShare } from '../loop-share.ts'
import type { ConsumerOffsetTable } from '../offsets/index.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { BrokerStatistics } from '../statistics/index.ts'
import type { TopicTable } from '../topics/index.ts'
import { ackMessage } from './handlers/ack-message.ts'
import { batchAckMessage } from './handlers/batch-ack-message.ts'
import { changeMessageInvisibletime } from './handlers/change-message-invisibletime.ts'
import { notification } from './handlers/notification.ts'
import { peekMessage } from './handlers/peek-message.ts'
import { pollingInfo } from './handlers/polling-info.ts'
import { popMessage } from './handlers/pop-message.ts'
import { HeldPops } from './held-pops.ts'
import type { LiteReceipts } from './lite-receipts.ts'
import { OrderAcks } from './order-acks.ts'
import { OrderTable } from './order-table.ts'
import { OrderWakes } from './order-wakes.ts'
import { retryTopicsOfGroup, retryTopicsOfTopic } from './owned-retry-topics.ts'
import { PopCursors } from './pop-cursors.ts'
import { PopReader } from './pop-reader.ts'
import { PopRecovery, type ReviveTopic } from './pop-recovery.ts'
import { ReceiptWriter } from './receipt-writer.ts'
import { Receipts } from './receipts.ts'
import type { TimerProgress } from './revival.ts'
import type { ReviveRecordParts } from './revive-records.ts'
import { Reviver } from './reviver.ts'

export interface PopFeatureParts {
  clock: Clock
  log: Log
  config: KeptFolder
  random: Random
  identity: Identity
  settings(): BrokerSettings
  store: MessageStore
  sink: MessageSink
  topics: TopicTable
  groups: GroupTable
  offsets: ConsumerOffsetTable
  compiler: ExpressionCompiler
  filters: ConsumerFilterTable
  timer: TimerDecision
  timerProgress: TimerProgress
  counters: BrokerStatistics
  lite: LiteReceipts
}

const epochLimit = 2 ** 32
/** Of each turn, to forget receipts of what was deleted. */
const forgettingShareMs = 1
const hex = 16

/**
 * POP: messages are given out for a time, by any queue of a topic, and come again to their group when they are not
 * acknowledged.
 */
export function createPop(parts: PopFeatureParts) {
  const { clock, log, random, identity, settings, store, sink, topics, groups, offsets, counters } = parts
  const { clusterName, brokerName, storeHost } = identity
  const { reviveQueueNum } = settings()
  const reviveTopics = reviveTopicsOf(topics, store, clusterName, reviveQueueNum)
  const [{ topic: reviveTopic, queueCount: reviveQueueCount }] = reviveTopics
  // A later start with fewer has to know of these.
  topics.widenInternal(reviveTopic, reviveQueueNum)
  const newEpoch = () => `${clock.now().toString(hex)}${random.below(epochLimit).toString(hex)}`
  let epoch: string | undefined
  const records: ReviveRecordParts = {
    reviveTopic,
    brokerName,
    storeHost,
    epoch() {
      epoch ??= newEpoch()
      return epoch
    },
    logEnd: () => store.positions.max,
  }
  const forgetting = new LoopShare(clock, forgettingShareMs)
  const receipts = new Receipts(clock.now(), () => settings().popCkMaxBufferSize, {
    pastMs: store.newestTimestamp,
    inSlices: (steps) => void forgetting.goThrough(steps),
    onLess({ topic, group, queueId }, after, before) {
      const { enablePopMessageThreshold, popInflightMessageThreshold: max } = settings()
      if (!enablePopMessageThreshold || after > max || before <= max) return
      // Those who wait were not given more of the queue. They look when this is dealt with.
      clock.nextTurn(() => wake(topic, group, queueId))
    },
  })
  const cursors = new PopCursors(offsets)
  const { popPollingMapSize } = settings()
  const held = new HeldPops(clock, popPollingMapSize, settings)
  /** Those who wait to be told of messages, which they ask for then. */
  const notified = new HeldPops(clock, popPollingMapSize, settings)
  const intake = new Intake('send', {
    topics,
    highestDelayLevel: settings().messageDelayLevel.length,
    timer: parts.timer,
  })
  const orders = new OrderTable({
    clock,
    kept: { config: parts.config, flushIntervalMs: settings().flushConsumerOffsetInterval },
    committed: ({ group, topic, queueId }) => offsets.offset(group, topic, queueId) ?? 0,
    isKept({ group, topic, queueId }) {
      const config = topics.get(topic)
      if (config === undefined || groups.get(group) === undefined) return false
      return queueId < config.readQueueNums || store.maxOffset(topic, queueId) > 0
    },
  })
  const orderWakes = new OrderWakes(clock, orders, ({ topic, group, queueId }) => wake(topic, group, queueId))
  const wake = (topic: string, group: string, queueId: number) => {
    held.wake(topic, group, queueId)
    notified.wake(topic, group, queueId)
  }
  const recovery = new PopRecovery({ reviveTopics, store, offsets, receipts })
  const writer = new ReceiptWriter({
    clock,
    records,
    intake,
    sink,
    receipts,
    settings,
    wasGiven: (group, topic, queueId, queueOffset) => queueOffset < (cursors.position(group, topic, queueId) ?? 0),
    onWaiting: (timerOffset) => recovery.noted(timerOffset),
  })
  const reader = new PopReader({
    clock,
    store,
    cursors,
    offsets,
    isHeldBack(group, topic, queueId) {
      const { enablePopMessageThreshold, popInflightMessageThreshold } = settings()
      return enablePopMessageThreshold && receipts.outstandingIn(topic, group, queueId) > popInflightMessageThreshold
    },
    settings,
    orders,
    onBlocked: (key) => orderWakes.watch(key),
    onFree: (group, topic, queueId) => held.wake(topic, group, queueId),
  })
  const revivers = reviveTopics.map(
    ({ topic, queueCount }) =>
      new Reviver({
        clock,
        log,
        records: { ...records, reviveTopic: topic },
        queueCount,
        store,
        sink,
        topics,
        groups,
        offsets,
        receipts,
        recovery,
        timer: parts.timerProgress,
        settings,
        onRevived: (_checkpoint, count) => {
          revived += count
        },
        onRead: (count, byteCount) => counters.gotByItself(reviveGroup, topic, count, byteCount),
      }),
  )
  let revived = 0
  const orderAcks = new OrderAcks({
    clock,
    orders,
    offsets,
    onBlocked: (key) => orderWakes.watch(key),
    // Who wants the queue has it looked at each second.
    onLessLeft() {},
    onFree: ({ topic, group, queueId }) => wake(topic, group, queueId),
  })
  topics.onDelete((topic) => {
    void held.giveUp(topic)
    void notified.giveUp(topic)
    orders.removeTopic(topic)
    cursors.removeTopic(topic)
    receipts.removeTopic(topic)
    for (const reviver of revivers) reviver.forgetTopic(topic)
    for (const retryTopic of retryTopicsOfTopic(topic, { topics, groups, offsets })) topics.delete(retryTopic)
  })
  groups.onDelete((group, withOffsets) => {
    void held.giveUpGroup(group)
    void notified.giveUpGroup(group)
    orders.removeGroup(group)
    if (!withOffsets) return
    cursors.removeGroup(group)
    receipts.removeGroup(group)
    // One that is made anew is given all from the start: copies of that would come beside it.
    for (const retryTopic of retryTopicsOfGroup(group, { topics, groups, offsets })) topics.delete(retryTopic)
  })
  store.onCutBack(() => {
    cursors.clear()
    void held.retryAll()
    void notified.retryAll()
  })
  const onGiven = (group: string, topic: string, count: number, byteCount: number) => {
    counters.got(group, topic, count, byteCount)
  }
  const onTook = (group: string, topic: string, queueId: number, elapsedMs: number) =>
    counters.popTook(group, topic, queueId, elapsedMs)
  const onCheckpoints = (group: string, topic: string, count: number) => counters.checkpointed(group, topic, count)
  // Receipts of earlier lives are taken on trust: a client can name any group in them.
  const onAcknowledged = (group: string, topic: string, count: number) => {
    if (groups.get(group) !== undefined) counters.acknowledged(group, topic, count)
  }
  const checks = { topics, groups, brokerPermission: () => settings().brokerPermission }
  const receiptChecks = { topics, brokerName, reviveQueueCount, store }
  const acks = { ...receiptChecks, writer, orderAcks, onAcknowledged, lite: parts.lite }
  const plan = { ...checks, random, settings }
  /** What was given out has to be known before somebody tells of it. */
  const onceRecovered =
    <C extends AnyCommand>(handle: Handler<C>): Handler<C> =>
    (header, call) =>
      recovery.isLoaded ? handle(header, call) : recovery.load().then(() => handle(header, call))
  return {
    /** Messages arrived in a queue. */
    arrived(topic: string, queueId: number): void {
      held.arrived(topic, queueId)
      notified.arrived(topic, queueId)
      for (const reviver of revivers) reviver.arrived(topic, queueId)
    },
    /** Settings were changed: those who wait may have what they were not given before. */
    settingsChanged(): void {
      void held.retryAll()
      void notified.retryAll()
    },
    /** Resolves when what was given in order of deleted topics, and to deleted groups, is gone for good. */
    whenOrdersRemoved: () => orders.removed(),
    /** Requests that wait for messages; they are no work. */
    heldIn: (lane: string) => (lane === 'pop' ? held.count + notified.count : 0),
    handlers: {
      popMessage: popMessage({
        ...plan,
        clock,
        brokerName,
        compiler: parts.compiler,
        filters: parts.filters,
        reader,
        writer,
        receipts,
        held,
        reviveQueueCount: reviveQueueNum,
        recovery,
        onGiven,
        onTook,
        onMissed: () => counters.missed(),
        onCheckpoints,
      }),
      notification: notification({
        ...plan,
        clock,
        compiler: parts.compiler,
        filters: parts.filters,
        reader,
        orders,
        held: notified,
        recovery,
      }),
      pollingInfo: pollingInfo({ ...checks, held }),
      peekMessage: peekMessage({ ...plan, clock, reader, recovery, onGiven, onTook }),
      ackMessage: onceRecovered(ackMessage(acks)),
      batchAckMessage: onceRecovered(batchAckMessage(acks)),
      changeMessageInvisibletime: onceRecovered(
        changeMessageInvisibletime({
          ...receiptChecks,
          writer,
          receipts,
          orderAcks,
          settings,
          onChanged(group, topic) {
            onAcknowledged(group, topic, 1)
            if (groups.get(group) !== undefined) onCheckpoints(group, topic, 1)
          },
          lite: parts.lite,
        }),
      ),
    },
    start() {
      for (const reviver of revivers) reviver.start()
    },
    disconnected(connection: RemotingConnection) {
      held.disconnected(connection.id)
      notified.disconnected(connection.id)
    },
    async drain() {
      orderWakes.close()
      await Promise.all([held.close(), notified.close(), ...revivers.map((reviver) => reviver.drain())])
    },
    close: () => orders.close(),
    stats: () => ({
      heldPops: held.count,
      heldNotifications: notified.count,
      orderedQueues: orders.count,
      openCheckpoints: receipts.openCount,
      unacknowledged: receipts.messageCount,
      revived,
      ...countsOf(revivers),
    }),
  }
}

/**
 * The topics that keep checkpoints, the one that new ones go to first. It keeps its name when the cluster gets another one:
 * acknowledgements have to stand where their checkpoints do. What stands in others is due as well, and so is what stands in
 * queues that are not written to any more.
 */
function reviveTopicsOf(
  topics: Pick<TopicTable, 'get' | 'list'>,
  store: Pick<MessageStore, 'queueIds'>,
  clusterName: string,
  reviveQueueNum: number,
): [ReviveTopic, ...ReviveTopic[]] {
  const own = reviveTopicOf(clusterName)
  const others = [...topics.list().keys()].filter((topic) => topic !== own && topic.startsWith(reviveTopicOf('')))
  const isUsed = (topic: string): boolean => store.queueIds(topic).length > 0
  const named = (topic: string, leastCount: number): ReviveTopic => {
    const counts = store.queueIds(topic).map((queueId) => queueId + 1)
    return { topic, queueCount: Math.max(leastCount, topics.get(topic)?.readQueueNums ?? 0, ...counts) }
  }
  const first = isUsed(own) ? own : (others.find(isUsed) ?? others[0] ?? own)
  const rest = [own, ...others].filter((topic) => topic !== first)
  return [named(first, reviveQueueNum), ...rest.map((topic) => named(topic, 0))]
}

function countsOf(revivers: readonly Reviver[]): ReturnType<Reviver['counts']> {
  const counts = { pending: 0, unread: 0 }
  for (const reviver of revivers) {
    const { pending, unread } = reviver.counts()
    counts.pending += pending
    counts.unread += unread
  }
  return counts
}
