import type { CancelTimer, Clock, Log, Random } from '@rocketmq-ts/platform'
import { commands, isLiteQueue, type LiteOffsetOption, lightQueueId, queueOfLiteTopic } from '@rocketmq-ts/protocol'
import type { RemotingClient, RemotingConnection } from '@rocketmq-ts/remoting'
import type { MessageStore } from '@rocketmq-ts/storage'
import { TopicRoutes } from '../assignment/topic-routes.ts'
import type { GroupTable } from '../groups/index.ts'
import type { Identity } from '../identity.ts'
import { LoopShare, StepwiseJobs, type Walks } from '../loop-share.ts'
import type { ConsumerOffsetTable } from '../offsets/index.ts'
import { HeldPops } from '../pop/held-pops.ts'
import { OrderAcks } from '../pop/order-acks.ts'
import { type OrderKey, OrderTable } from '../pop/order-table.ts'
import { PopCursors } from '../pop/pop-cursors.ts'
import { PopReader } from '../pop/pop-reader.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { BrokerStatistics } from '../statistics/index.ts'
import type { TopicTable } from '../topics/index.ts'
import {
  getBrokerLiteInfo,
  getLiteClientInfo,
  getLiteGroupInfo,
  getLiteTopicInfo,
  getParentTopicInfo,
} from './handlers/lite-information.ts'
import { liteSubscriptionCtl } from './handlers/lite-subscription-ctl.ts'
import { heldGroupOf, popLiteMessage } from './handlers/pop-lite-message.ts'
import { triggerLiteDispatch } from './handlers/trigger-lite-dispatch.ts'
import { LiteEvents } from './lite-events.ts'
import { LiteExpiry } from './lite-expiry.ts'
import { liteReceipts } from './lite-receipts.ts'
import { LiteRules } from './lite-rules.ts'
import { type LiteClient, LiteSubscriptions } from './lite-subscriptions.ts'
import { LiteWakes } from './lite-wakes.ts'
import { UnreadableQueues } from './unreadable-queues.ts'

export interface LiteFeatureParts {
  clock: Clock
  log: Log
  random: Random
  identity: Identity
  settings(): BrokerSettings
  store: MessageStore
  topics: TopicTable
  groups: GroupTable
  offsets: ConsumerOffsetTable
  counters: BrokerStatistics
  /** Of long answers. */
  walks: Walks
  /** How name servers are called. */
  calls: Pick<RemotingClient, 'call'>
}

/** A group that begins anew goes to the first message. */
const fromStart: LiteOffsetOption = { type: 'POLICY', value: 1 }
/** A member of a group that wants all lite topics is told of those that are there after so long. */
const wildcardDelayMs = 5000
/** What changes of subscriptions take of a turn of the loop, in milliseconds. */
const changesMs = 5

/**
 * Lite topics: very many of one topic, each a light queue, of which a group's members each subscribe to some. Messages are
 * given by POP, in order within each lite topic.
 */
export function createLite(parts: LiteFeatureParts) {
  const { clock, log, random, identity, settings, store, topics, groups, offsets, counters, walks } = parts
  const { brokerName } = identity
  const rules = new LiteRules({ topics, groups })
  const unreadable = new UnreadableQueues(log)
  const cursors = new PopCursors(offsets)
  const held = new HeldPops(clock, settings().popPollingMapSize, settings)
  const orders = new OrderTable({
    clock,
    committed: ({ group, topic }) => offsets.offset(group, topic, lightQueueId) ?? 0,
    isKept: () => true,
  })
  const wakes = new LiteWakes(
    clock,
    (key) => orders.blockedUntilMs(key),
    ({ topic, group }) => dispatchRest(group, topic),
  )
  const isBlocked = (group: string, queue: string): boolean =>
    orders.blockedUntilMs({ group, topic: queue, queueId: lightQueueId }) !== undefined
  const hasMessages = (group: string, queue: string): boolean => {
    try {
      const end = store.maxOffset(queue, lightQueueId)
      return end > 0 && end > (offsets.offset(group, queue, lightQueueId) ?? -1) && !isBlocked(group, queue)
    } catch (error) {
      unreadable.passBy(queue, error)
      return false
    }
  }
  const dispatchRest = (group: string, queue: string): void => {
    if (hasMessages(group, queue)) events.dispatch(queue, group)
  }
  const subscriptions: LiteSubscriptions = new LiteSubscriptions({
    clock,
    rules,
    settings,
    onAdded(client, queue) {
      if (queue === undefined) events.goThroughLater(client, wildcardDelayMs)
      else dispatchRest(client.group, queue)
    },
    onRemoved(client, queue, reason) {
      const { group } = client
      events.lose(client, queue)
      const resets =
        (reason === 'taken-over' && rules.resetsWhenTakenOver(group)) ||
        (reason === 'unsubscribed' && rules.resetsOnUnsubscribe(group))
      if (resets && offsets.hasRoom(group, queue)) unreadable.passingBy(queue, () => reset(group, queue, fromStart))
    },
    onGone: ({ clientId }) => events.forget(clientId),
    notify: ({ clientId, group, link }, liteTopic) =>
      link.tell(commands.notifyUnsubscribeLite, { liteTopic, consumerGroup: group, clientId }),
  })
  const changes = new StepwiseJobs(new LoopShare(clock, changesMs))
  const forget = async (clients: readonly LiteClient[]): Promise<void> => {
    try {
      for (const client of clients) await changes.run([client.clientId], () => subscriptions.forget(client))
    } catch (error) {
      log.error({ err: error }, 'subscriptions of clients that are gone could not be ended: report this, it is a bug')
    }
  }
  const events: LiteEvents = new LiteEvents({
    clock,
    random,
    subscribers: (queue) => subscriptions.subscribers(queue),
    get: (clientId) => subscriptions.get(clientId),
    clientsOf: (group) => subscriptions.clientsOf(group),
    isWildcard: (group) => rules.isWildcard(group),
    queuesOf: ({ isWildcard, queues }) => (isWildcard ? store.lightQueueNames() : queues),
    hasMessages,
    isBlocked,
    eventsMax: (group) => rules.eventsMax(group) ?? settings().maxClientEventCount,
    settings,
    wake: (client: LiteClient) => held.wake(client.topic, heldGroupOf(client), -1),
  })
  const reset = (group: string, queue: string, option: LiteOffsetOption): void => {
    const current = offsets.offset(group, queue, lightQueueId)
    const target = targetOf(option, current, queue, store)
    if (target === undefined || target === current) return
    offsets.reset(group, queue, lightQueueId, target)
    orders.clear({ group, topic: queue, queueId: lightQueueId })
    dispatchRest(group, queue)
  }
  const reader = new PopReader({
    clock,
    store,
    cursors,
    offsets,
    isHeldBack: () => false,
    settings,
    orders,
    onBlocked: (key) => wakes.watch(key),
    onFree: (group, topic) => dispatchRest(group, topic),
  })
  const orderAcks = new OrderAcks({
    clock,
    orders,
    offsets,
    onFree: ({ topic, group }: OrderKey) => dispatchRest(group, topic),
    onBlocked: (key) => wakes.watch(key),
    onLessLeft: (key) => wakes.watch(key),
  })
  const expiry = new LiteExpiry({
    clock,
    log,
    rules,
    unreadable,
    store,
    offsets,
    settings,
    onRemoved(queue, ofGroups) {
      offsets.removeLightQueue(queue, ofGroups)
      for (const group of ofGroups) orders.clear({ group, topic: queue, queueId: lightQueueId })
      cursors.removeTopic(queue)
    },
  })
  topics.onDelete((topic) => {
    void held.giveUp(topic)
    void forget(subscriptions.gone((client) => client.topic === topic))
    expiry.removeAllOf(topic)
  })
  groups.onDelete((group, withOffsets) => {
    void forget(subscriptions.gone((client) => client.group === group))
    orders.removeGroup(group)
    if (withOffsets) cursors.removeGroup(group)
  })
  store.onCutBack(() => {
    cursors.clear()
    held.retryAll()
  })
  const routes = new TopicRoutes({ clock, calls: parts.calls, nameServers: () => settings().namesrvAddr })
  const information = {
    walks,
    rules,
    subscriptions,
    events,
    store,
    topicCount: () => topics.size,
    offsets,
    orderCount: () => orders.count,
    unreadable,
    async isChosenFor(parentTopic: string, liteTopic: string): Promise<boolean> {
      const queues = await routes.writableQueues(parentTopic)
      // Without a route RocketMQ takes the broker that is asked.
      if (queues === undefined || liteTopic === '') return true
      return queues[queueOfLiteTopic(liteTopic, queues.length)]?.brokerName === brokerName
    },
    settings,
  }
  const cancels: CancelTimer[] = []
  const checks = { topics, groups, brokerPermission: () => settings().brokerPermission }
  return {
    /** What is done with messages of lite topics that were given out. */
    receipts: liteReceipts({
      rules,
      store,
      offsets,
      orders,
      orderAcks,
      onAcknowledged: (group, topic, count) => counters.acknowledged(group, topic, count),
    }),
    /** Messages arrived in a queue. */
    arrived(topic: string): void {
      if (isLiteQueue(topic)) events.dispatch(topic)
    },
    /** Resolves when the lite topics of a deleted topic are gone. */
    whenRemoved: (topic: string) => expiry.whenRemoved(topic),
    /** Requests that wait for messages; they are no work. */
    heldIn: (lane: string) => (lane === 'pop' ? held.count : 0),
    handlers: {
      popLiteMessage: popLiteMessage({
        ...checks,
        clock,
        rules,
        client: (clientId) => subscriptions.get(clientId),
        events,
        reader,
        held,
        offsets,
        onGiven(group, parent, { queues }) {
          for (const { topic, records } of queues) {
            const byteCount = records.reduce((sum, { length }) => sum + length, 0)
            counters.got(group, parent, records.length, byteCount)
            wakes.watch({ topic, group, queueId: lightQueueId })
          }
        },
        onMissed: () => counters.missed(),
        unreadable,
        settings,
      }),
      liteSubscriptionCtl: liteSubscriptionCtl({ rules, subscriptions, changes, offsets, reset, settings }),
      getBrokerLiteInfo: getBrokerLiteInfo(information),
      getParentTopicInfo: getParentTopicInfo(information),
      getLiteTopicInfo: getLiteTopicInfo(information),
      getLiteClientInfo: getLiteClientInfo(information),
      getLiteGroupInfo: getLiteGroupInfo(information),
      triggerLiteDispatch: triggerLiteDispatch({ rules, subscriptions, events }),
    },
    start() {
      expiry.start()
      const { liteEventCheckInterval, liteSubscriptionCheckInterval } = settings()
      cancels.push(
        clock.every(liteEventCheckInterval, () => events.scan()),
        clock.every(liteSubscriptionCheckInterval, () => void forget(subscriptions.expired())),
      )
    },
    disconnected: (connection: RemotingConnection) => held.disconnected(connection.id),
    drain() {
      for (const cancel of cancels) cancel()
      expiry.close()
      events.close()
      wakes.close()
      return held.close()
    },
    stats: () => ({
      lightQueues: store.lightQueueCount,
      subscriptions: subscriptions.count,
      clientsWithEvents: events.count,
      heldPops: held.count,
      orderedQueues: orders.count,
    }),
  }
}

/** Where a group goes on; undefined for where it is. */
function targetOf(
  { type, value }: LiteOffsetOption,
  current: number | undefined,
  queue: string,
  store: MessageStore,
): number | undefined {
  if (type === 'TAIL_N') return current === undefined ? undefined : Math.max(0, current - Math.max(0, value))
  if (type === 'OFFSET') return value < 0 ? undefined : value
  if (type === 'TIMESTAMP') return store.offsetByTime(queue, lightQueueId, value, 'lower')
  if (value === 1) return store.minOffset(queue, lightQueueId)
  return value === 2 ? store.maxOffset(queue, lightQueueId) : undefined
}
