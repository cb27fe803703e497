import { commands, encodeMessageProperties, propertyName, retryTopicOf } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { compressBody } from '../messages/body-compression.ts'
import type { ReceivedMessage } from '../messages/received-message.ts'
import { invalidArgument, RocketMQError } from '../rocketmq-error.ts'
import { masterId } from '../routing/topic-route.ts'
import type { ClusterCalls } from './cluster-calls.ts'

/** Of those that RocketMQ gives a meaning to, what a message keeps on its way back to a group. */
const keptProperties = [
  propertyName.tags,
  propertyName.keys,
  propertyName.uniqueKey,
  propertyName.shardingKey,
  propertyName.originMessageId,
  propertyName.priority,
]

const compressOverBytes = 4096
const producerGroup = 'CLIENT_INNER_PRODUCER'

/** Puts a message into the retry topic of a group, as consumers do that cannot give one back. */
export async function redeliver(
  calls: ClusterCalls,
  group: string,
  message: ReceivedMessage,
  deadline: Deadline,
): Promise<void> {
  const { client } = calls
  if (message.liteTopic !== undefined) {
    throw invalidArgument('members of lite topics read no retry topic: send the message again, to its lite topic')
  }
  const topic = retryTopicOf(group)
  const { writeQueues, brokers } = await client.routes.refresh(topic, deadline)
  const queue = writeQueues.find(({ broker }) => broker === message.queue.broker) ?? writeQueues[0]
  const address = queue && brokers.get(queue.broker)?.brokerAddrs.get(masterId)
  if (queue === undefined || address === undefined) {
    throw new RocketMQError('NO_ROUTE', `no broker takes messages of ${topic} at the moment`, { topic })
  }
  const { body, sysFlag } = compressBody(message.body, compressOverBytes)
  const { systemProperties, properties, flag, bornTimestamp } = message
  const kept = keptProperties.flatMap((name): [string, string][] => {
    const value = systemProperties[name]
    return value === undefined ? [] : [[name, value]]
  })
  const header = {
    producerGroup,
    topic,
    defaultTopic: '',
    defaultTopicQueueNums: 0,
    queueId: queue.queueId,
    sysFlag,
    bornTimestamp,
    flag,
    properties: encodeMessageProperties([
      ...Object.entries(properties),
      ...kept,
      [propertyName.retryTopic, client.namespace.wrap(message.topic)],
    ]),
    reconsumeTimes: 0,
    unitMode: false,
    batch: false,
    bname: queue.broker,
  }
  await calls.ask({ name: queue.broker, address }, commands.sendMessage, header, deadline, body)
}
