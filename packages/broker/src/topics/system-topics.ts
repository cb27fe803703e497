import {
  defaultTopic,
  newTopicConfig,
  permission,
  reviveTopicOf,
  scheduleTopic,
  type TopicConfig,
  timerTopic,
} from '@rocketmq-ts/protocol'

/** What the settings say about the topics of the system. */
export interface SystemTopicSettings {
  autoCreateTopicEnable: boolean
  defaultTopicQueueNums: number
  clusterTopicEnable: boolean
  brokerTopicEnable: boolean
  traceTopicEnable: boolean
  enableMixedMessageType: boolean
  msgTraceTopicName: string
  reviveQueueNum: number
}

const { inherit, read, write } = permission
const readWrite = read | write
const scheduleQueueNums = 18
const benchmarkQueueNums = 1024
const clusterQueueNums = 16

/** Topics that only the broker writes to. */
const unsendableTopics = new Set([
  scheduleTopic,
  'RMQ_SYS_TRANS_HALF_TOPIC',
  'RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC',
  'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  'RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC',
  'TRANS_CHECK_MAX_TIME_TOPIC',
  'SELF_TEST_TOPIC',
  'OFFSET_MOVED_EVENT',
  // What the broker reads there decides about the messages of all groups: nobody else may write it.
  timerTopic,
])

const systemTopicPrefix = 'rmq_sys_'
const everywhere = [
  'RMQ_SYS_TRANS_HALF_TOPIC',
  'BenchmarkTest',
  'TRANS_CHECK_MAX_TIME_TOPIC',
  'OFFSET_MOVED_EVENT',
  defaultTopic,
  'RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC',
  'SELF_TEST_TOPIC',
  scheduleTopic,
  'RMQ_SYS_TRACE_TOPIC',
  timerTopic,
  'CHECKPOINT_TOPIC',
  'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  'RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC',
]

/** Names that belong to the system, whether or not there is such a topic. */
export function systemTopicNames(clusterName: string, brokerName: string): ReadonlySet<string> {
  return new Set([...everywhere, ...ofBroker(clusterName, brokerName)])
}

function ofBroker(clusterName: string, brokerName: string): string[] {
  return [
    reviveTopicOf(clusterName),
    clusterName,
    `${clusterName}_REPLY_TOPIC`,
    `rmq_sys_SYNC_BROKER_MEMBER_${brokerName}`,
    brokerName,
  ]
}

export function isSystemTopic(topic: string, names: ReadonlySet<string>): boolean {
  return names.has(topic) || topic.startsWith(systemTopicPrefix)
}

export function isSendable(topic: string): boolean {
  return !unsendableTopics.has(topic) && !topic.startsWith(reviveTopicOf(''))
}

/** The topic that new topics take their settings from. */
export function defaultTopicConfig(queueNums: number): TopicConfig {
  return withQueues(defaultTopic, queueNums, inherit | readWrite)
}

/** The topics that a broker has from the start. */
export function initialTopics(
  settings: Readonly<SystemTopicSettings>,
  clusterName: string,
  brokerName: string,
): TopicConfig[] {
  const topics = [
    withQueues('SELF_TEST_TOPIC', 1),
    withQueues('BenchmarkTest', benchmarkQueueNums),
    withQueues(clusterName, clusterQueueNums, inherit | (settings.clusterTopicEnable ? readWrite : 0)),
    withQueues(brokerName, 1, inherit | (settings.brokerTopicEnable ? readWrite : 0)),
    withQueues('OFFSET_MOVED_EVENT', 1),
    withQueues(scheduleTopic, scheduleQueueNums),
    withQueues(`${clusterName}_REPLY_TOPIC`, 1),
    withQueues(reviveTopicOf(clusterName), settings.reviveQueueNum),
    withQueues(`rmq_sys_SYNC_BROKER_MEMBER_${brokerName}`, 1, inherit),
    withQueues('RMQ_SYS_TRANS_HALF_TOPIC', 1),
    withQueues('RMQ_SYS_TRANS_OP_HALF_TOPIC', 1),
    withQueues('RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC', 1),
    withQueues('RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC', 1),
    withQueues(timerTopic, 1),
  ]
  if (settings.autoCreateTopicEnable) topics.unshift(defaultTopicConfig(settings.defaultTopicQueueNums))
  if (settings.traceTopicEnable) topics.push(withQueues(settings.msgTraceTopicName, 1))
  return topics
}

function withQueues(topicName: string, queueNums: number, perm: number = readWrite): TopicConfig {
  return newTopicConfig(topicName, { readQueueNums: queueNums, writeQueueNums: queueNums, perm })
}
