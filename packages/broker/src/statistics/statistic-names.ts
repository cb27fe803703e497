import type { Counter } from './counter.ts'
import type { GroupCounters } from './group-counters.ts'
import type { TopicCounters } from './topic-counters.ts'

/** Counters of the broker as a whole, by the name under which they are asked for. */
export const brokerCounterNames = [
  'BROKER_PUT_NUMS',
  'BROKER_PUT_NUMS_WITHOUT_SYSTEM_TOPIC',
  'BROKER_GET_NUMS',
  'BROKER_GET_NUMS_WITHOUT_SYSTEM_TOPIC',
  'BROKER_ACK_NUMS',
  'BROKER_CK_NUMS',
  'CONSUMER_REGISTER_TIME',
  'PRODUCER_REGISTER_TIME',
] as const

export type BrokerCounterName = (typeof brokerCounterNames)[number]

/** What happens to connections, by the key under which it is asked for as CHANNEL_ACTIVITY. */
export const channelActivities = ['CONNECT', 'CLOSE', 'EXCEPTION', 'IDLE'] as const

export type ChannelActivity = (typeof channelActivities)[number]

/** Where counters are kept. */
export interface CounterSources {
  topic(topic: string | undefined): TopicCounters | undefined
  group(group: string | undefined, topic: string | undefined): GroupCounters | undefined
  broker(name: BrokerCounterName, key: string): Counter | undefined
  channel(key: string): Counter | undefined
  subscriptionsDiffer(group: string): Counter | undefined
}

type Find = (sources: CounterSources, key: string) => Counter | undefined

/** By `topic@group`. */
const byTopicAndGroup =
  (counter: (counters: GroupCounters) => Counter | undefined): Find =>
  (sources, key) => {
    const [topic, group] = key.split('@')
    const counters = sources.group(group, topic)
    return counters && counter(counters)
  }

const queueIn = (text: string | undefined): number =>
  text === undefined || !/^-?\d{1,9}$/.test(text) ? -2 : Number(text)

/**
 * Each statistic that VIEW_BROKER_STATS_DATA tells, by its name: the counter of a key. GROUP_SUBSCRIPTIONS_DIFFER is no
 * statistic of RocketMQ. RocketMQ has more names (COMMERCIAL_…, …_FROM_DISK_…) under which no broker counts anything.
 */
const finders: Readonly<Record<string, Find>> = {
  TOPIC_PUT_NUMS: (sources, topic) => sources.topic(topic)?.nums,
  TOPIC_PUT_SIZE: (sources, topic) => sources.topic(topic)?.size,
  TOPIC_PUT_LATENCY: (sources, key) => {
    const [queueId, topic] = key.split('@')
    return sources.topic(topic)?.latencies.of(queueIn(queueId))
  },
  QUEUE_PUT_NUMS: (sources, key) => {
    const [topic, queueId] = key.split('@')
    return sources.topic(topic)?.queues?.nums.of(queueIn(queueId))
  },
  QUEUE_PUT_SIZE: (sources, key) => {
    const [topic, queueId] = key.split('@')
    return sources.topic(topic)?.queues?.size.of(queueIn(queueId))
  },
  GROUP_GET_NUMS: byTopicAndGroup(({ nums }) => nums),
  GROUP_GET_SIZE: byTopicAndGroup(({ size }) => size),
  GROUP_GET_LATENCY: (sources, key) => {
    const [queueId, topic, group] = key.split('@')
    return sources.group(group, topic)?.latencies.of(queueIn(queueId))
  },
  QUEUE_GET_NUMS: (sources, key) => {
    const [topic, queueId, group] = key.split('@')
    return sources.group(group, topic)?.queues?.nums.of(queueIn(queueId))
  },
  QUEUE_GET_SIZE: (sources, key) => {
    const [topic, queueId, group] = key.split('@')
    return sources.group(group, topic)?.queues?.size.of(queueIn(queueId))
  },
  GROUP_ACK_NUMS: byTopicAndGroup(({ acknowledged }) => acknowledged),
  GROUP_CK_NUMS: byTopicAndGroup(({ checkpoints }) => checkpoints),
  SNDBCK_PUT_NUMS: byTopicAndGroup(({ sentBack }) => sentBack),
  DLQ_PUT_NUMS: byTopicAndGroup(({ deadLetters }) => deadLetters),
  // The owner, which is `null` for clients of RocketMQ itself, the topic, the group and what was done.
  SNDBCK2DLQ_TIMES: (sources, key) => {
    const [owner, topic, group, kind] = key.split('@')
    if (owner !== 'null' || kind !== 'SEND_BACK_TO_DLQ') return undefined
    return sources.group(group, topic)?.deadLetters
  },
  GROUP_SUBSCRIPTIONS_DIFFER: (sources, group) => sources.subscriptionsDiffer(group),
  CHANNEL_ACTIVITY: (sources, key) => sources.channel(key),
  ...Object.fromEntries(
    brokerCounterNames.map((name): [string, Find] => [name, (sources, key) => sources.broker(name, key)]),
  ),
}

/** The counter of a statistic and a key; undefined when nothing was ever counted there. */
export function counterOf(sources: CounterSources, name: string, key: string): Counter | undefined {
  if (!Object.hasOwn(finders, name)) return undefined
  const counter = finders[name]!(sources, key)
  return counter?.hasCounted ? counter : undefined
}
