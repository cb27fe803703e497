import type { BrokerDescription } from '@rocketmq-ts/client'

/** What a topic is for. */
export type TopicKind = 'normal' | 'retry' | 'dead letter' | 'system'

const systemTopics: ReadonlySet<string> = new Set([
  'TBW102',
  'AUTO_CREATE_TOPIC_KEY',
  'SCHEDULE_TOPIC_XXXX',
  'BenchmarkTest',
  'SELF_TEST_TOPIC',
  'OFFSET_MOVED_EVENT',
  'TRANS_CHECK_MAX_TIME_TOPIC',
  'rmq_sys_wheel_timer',
  'CHECKPOINT_TOPIC',
])

/** Groups that belong to RocketMQ itself. */
const systemGroups = /^(CID_|TOOLS_|FILTERSRV_CONSUMER$|SELF_TEST_C_GROUP$|SCHEDULE_CONSUMER$|DEFAULT_CONSUMER$)/

/** @param servers names of brokers and clusters: each has a topic of its own */
export function topicKind(topic: string, servers: ReadonlySet<string>): TopicKind {
  if (topic.startsWith('%RETRY%')) return 'retry'
  if (topic.startsWith('%DLQ%')) return 'dead letter'
  const isSystem =
    systemTopics.has(topic) ||
    /^(rmq_sys_|RMQ_SYS_)/.test(topic) ||
    topic.endsWith('_REPLY_TOPIC') ||
    servers.has(topic)
  return isSystem ? 'system' : 'normal'
}

export function serverNames(brokers: readonly BrokerDescription[]): ReadonlySet<string> {
  return new Set(brokers.flatMap(({ name, cluster }) => [name, cluster]))
}

export function isSystemGroup(group: string): boolean {
  return systemGroups.test(group)
}
