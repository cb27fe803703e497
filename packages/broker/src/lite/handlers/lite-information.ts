import {
  brokerLiteInfoBody,
  type commands,
  type LiteLag,
  lightQueueId,
  liteClientInfoBody,
  liteGroupInfoBody,
  liteQueueOf,
  liteQueuePrefixOf,
  liteTopicInfoBody,
  liteTopicOf,
  ProtocolError,
  parentTopicInfoBody,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { Walks } from '../../loop-share.ts'
import type { LiteEvents } from '../lite-events.ts'
import type { LiteRules } from '../lite-rules.ts'
import type { LiteSubscriptions } from '../lite-subscriptions.ts'
import type { UnreadableQueues } from '../unreadable-queues.ts'

export interface LiteInformationParts {
  walks: Walks
  rules: LiteRules
  subscriptions: LiteSubscriptions
  events: LiteEvents
  store: {
    readonly lightQueueCount: number
    lightQueueNames(): Iterable<string>
    minOffset(topic: string, queueId: number): number
    maxOffset(topic: string, queueId: number): number
    /** Milliseconds since 1970, or undefined when there is no such message. */
    storeTimestamp(topic: string, queueId: number, queueOffset: number): number | undefined
  }
  topicCount(): number
  offsets: {
    offset(group: string, topic: string, queueId: number): number | undefined
    lightQueuesOf(group: string): Iterable<string>
    counts(): { topics: number }
  }
  orderCount(): number
  /** Of these it is not told how far groups are behind: of others it is. */
  unreadable: UnreadableQueues
  /** Whether this is the broker that producers choose for a lite topic. */
  isChosenFor(parentTopic: string, liteTopic: string): Promise<boolean>
  settings(): { maxLmqConsumeQueueNum: number }
}

const shownMax = 10_000
const lagsMax = 1_000

/** GET_BROKER_LITE_INFO: how many lite topics there are, and what is kept of them. */
export function getBrokerLiteInfo(parts: LiteInformationParts): Handler<typeof commands.getBrokerLiteInfo> {
  return () => {
    const { rules, subscriptions, events, store, offsets } = parts
    const parents = rules.parents()
    const groups = parents.map((topic) => [topic, rules.groupsOf(topic)] as const)
    return {
      body: brokerLiteInfoBody.encode({
        storeType: 'default',
        maxLmqNum: parts.settings().maxLmqConsumeQueueNum,
        currentLmqNum: store.lightQueueCount,
        liteSubscriptionCount: subscriptions.count,
        orderInfoCount: parts.orderCount(),
        cqTableSize: parts.topicCount() + store.lightQueueCount,
        offsetTableSize: offsets.counts().topics,
        eventMapSize: events.count,
        topicMeta: new Map(parents.map((topic) => [topic, rules.lifetimeMinutes(topic)])),
        groupMeta: new Map(groups.filter(([, ofTopic]) => ofTopic.length > 0)),
      }),
    }
  }
}

/** GET_PARENT_TOPIC_INFO: the groups and lite topics of a topic. */
export function getParentTopicInfo(parts: LiteInformationParts): Handler<typeof commands.getParentTopicInfo> {
  return async ({ topic }) => {
    const { walks, rules, store } = parts
    rules.checkParent(topic)
    const groups = rules.groupsOf(topic)
    return {
      body: parentTopicInfoBody.encode({
        topic,
        ttl: rules.lifetimeMinutes(topic),
        ...(groups.length === 0 ? {} : { groups }),
        lmqNum: store.lightQueueCount,
        liteTopicCount: await countOf(store.lightQueueNames(), topic, walks),
      }),
    }
  }
}

async function countOf(queues: Iterable<string>, parentTopic: string, walks: Walks): Promise<number> {
  let count = 0
  const prefix = liteQueuePrefixOf(parentTopic)
  await walks.forEach(queues, (queue) => {
    if (queue.startsWith(prefix)) count++
  })
  return count
}

/** GET_LITE_TOPIC_INFO: the messages and subscribers of a lite topic. */
export function getLiteTopicInfo(parts: LiteInformationParts): Handler<typeof commands.getLiteTopicInfo> {
  return async ({ parentTopic = '', liteTopic = '' }) => {
    const { rules, store, subscriptions } = parts
    rules.checkParent(parentTopic)
    const queue = liteQueueOf(parentTopic, liteTopic)
    const maxOffset = store.maxOffset(queue, lightQueueId)
    const subscribers = [...subscriptions.subscribers(queue).values()].flat()
    return {
      body: liteTopicInfoBody.encode({
        parentTopic,
        liteTopic,
        subscriber: subscribers.map(({ clientId, group }) => ({ clientId, group })),
        topicOffset: {
          minOffset: store.minOffset(queue, lightQueueId),
          maxOffset,
          lastUpdateTimestamp: maxOffset > 0 ? (store.storeTimestamp(queue, lightQueueId, maxOffset - 1) ?? 0) : 0,
        },
        shardingToBroker: await parts.isChosenFor(parentTopic, liteTopic),
      }),
    }
  }
}

/** GET_LITE_CLIENT_INFO: what a client subscribes to. */
export function getLiteClientInfo(parts: LiteInformationParts): Handler<typeof commands.getLiteClientInfo> {
  return ({ parentTopic = '', group = '', clientId = '', maxCount }) => {
    const { rules, subscriptions, events } = parts
    rules.checkParent(parentTopic)
    if (rules.checkGroup(group) !== parentTopic) {
      throw new ProtocolError('INVALID_PARAMETER', `Subscription [${group}]-[${parentTopic}] not match.`)
    }
    const client = subscriptions.get(clientId)
    const times = events.timesOf(clientId) ?? { lastAccessTime: -1, lastConsumeTime: -1 }
    const { lastAccessTime, lastConsumeTime } = times
    const shownCount = Math.max(0, Math.min(maxCount, shownMax))
    return {
      body: liteClientInfoBody.encode({
        ...{ parentTopic, group, clientId, lastAccessTime, lastConsumeTime },
        liteTopicCount: client?.queues.size ?? -1,
        ...(client === undefined ? {} : { liteTopicSet: firstOf(client.queues, shownCount) }),
      }),
    }
  }
}

function firstOf(queues: Iterable<string>, count: number): string[] {
  const first: string[] = []
  for (const queue of queues) if (first.push(queue) > count) return first.slice(0, count)
  return first
}

/** GET_LITE_GROUP_INFO: how far a group is behind, in one lite topic or in all. */
export function getLiteGroupInfo(parts: LiteInformationParts): Handler<typeof commands.getLiteGroupInfo> {
  return async ({ group, liteTopic, topK = 0 }) => {
    const parentTopic = parts.rules.checkGroup(group)
    const isOne = liteTopic !== undefined && liteTopic !== ''
    const told = isOne
      ? lagIn(group, liteQueueOf(parentTopic, liteTopic), parts)
      : await lagsOf(group, liteQueuePrefixOf(parentTopic), topK, parts)
    return { body: liteGroupInfoBody.encode({ group, parentTopic, ...(isOne ? { liteTopic } : {}), ...told }) }
  }
}

const nothing = { totalLagCount: -1, earliestUnconsumedTimestamp: -1 }

function lagIn(group: string, queue: string, { store, offsets }: LiteInformationParts) {
  const brokerOffset = store.maxOffset(queue, lightQueueId)
  if (brokerOffset <= 0) return nothing
  const consumerOffset = offsets.offset(group, queue, lightQueueId)
  if (consumerOffset === undefined) return { totalLagCount: 0, earliestUnconsumedTimestamp: 0 }
  const stamp = (offset: number): number => store.storeTimestamp(queue, lightQueueId, offset) ?? -1
  return {
    totalLagCount: brokerOffset - consumerOffset,
    earliestUnconsumedTimestamp: stamp(consumerOffset),
    liteTopicOffsetWrapper: {
      brokerOffset,
      consumerOffset,
      pullOffset: 0,
      lastTimestamp: consumerOffset > 0 ? stamp(consumerOffset - 1) : 0,
    },
  }
}

async function lagsOf(group: string, prefix: string, topK: number, parts: LiteInformationParts) {
  const { walks, store, offsets, unreadable } = parts
  const count = Math.max(0, Math.min(topK, lagsMax))
  let most: { topic: string; offset: number; lagCount: number }[] = []
  const leaveMost = (): void => {
    most = most.sort((left, right) => right.lagCount - left.lagCount).slice(0, count)
  }
  let totalLagCount = 0
  const look = (topic: string): void => {
    const offset = offsets.offset(group, topic, lightQueueId)
    if (offset === undefined) return
    const lagCount = store.maxOffset(topic, lightQueueId) - offset
    if (lagCount <= 0) return
    totalLagCount += lagCount
    most.push({ topic, offset, lagCount })
    if (most.length >= 2 * lagsMax) leaveMost()
  }
  await walks.forEach(offsets.lightQueuesOf(group), (topic) => {
    if (topic.startsWith(prefix)) unreadable.passingBy(topic, () => look(topic))
  })
  leaveMost()
  const lags: LiteLag[] = []
  await walks.forEach(most, ({ topic, offset, lagCount }) => {
    const earliestUnconsumedTimestamp = store.storeTimestamp(topic, lightQueueId, offset) ?? 0
    lags.push({ liteTopic: liteTopicOf(topic)!.liteTopic, lagCount, earliestUnconsumedTimestamp })
  })
  const oldest = lags.toSorted((left, right) => left.earliestUnconsumedTimestamp - right.earliestUnconsumedTimestamp)
  return {
    totalLagCount,
    earliestUnconsumedTimestamp: oldest[0]?.earliestUnconsumedTimestamp ?? -1,
    lagCountTopK: lags,
    lagTimestampTopK: oldest,
  }
}
