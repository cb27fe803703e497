import {
  commands,
  ProtocolError,
  parseOffsetMessageId,
  type SubscriptionGroupConfig,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { ConsumerRegistry } from '../index.ts'
import { relayToClient } from '../relay-to-client.ts'

export interface ConsumeDirectlyParts {
  brokerName: string
  topics: { get(topic: string): TopicConfig | undefined }
  groups: { get(group: string): SubscriptionGroupConfig | undefined }
  consumers: Pick<ConsumerRegistry, 'get'>
  store: { recordAt(physicalOffset: number): Promise<Buffer | undefined> }
}

/** CONSUME_MESSAGE_DIRECTLY: hands a message to one member of a group, which tells what became of it. */
export function consumeMessageDirectly(parts: ConsumeDirectlyParts): Handler<typeof commands.consumeMessageDirectly> {
  return async (header) => {
    const { consumerGroup, clientId, msgId } = header
    const record = await parts.store.recordAt(positionOf(msgId ?? ''))
    if (record === undefined) {
      throw new ProtocolError('SYSTEM_ERROR', `the message ${msgId} is not on this broker: give its offset message id`)
    }
    const toClient = {
      ...header,
      brokerName: parts.brokerName,
      topicSysFlag: parts.topics.get(header.topic ?? '')?.topicSysFlag ?? 0,
      groupSysFlag: parts.groups.get(consumerGroup)?.groupSysFlag ?? 0,
    }
    const target = { consumerGroup, clientId }
    return relayToClient(parts.consumers, target, commands.consumeMessageDirectly, toClient, record)
  }
}

function positionOf(msgId: string): number {
  try {
    return parseOffsetMessageId(msgId).physicalOffset
  } catch (error) {
    throw new ProtocolError('INVALID_PARAMETER', (error as Error).message)
  }
}
