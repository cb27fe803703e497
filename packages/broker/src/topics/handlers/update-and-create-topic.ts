import { type commands, newTopicConfig, ProtocolError, type RequestOf } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { parseAttributeChanges } from '../../configuration/index.ts'
import type { TopicUpdate } from '../topic-update.ts'

export interface UpdateTopicParts {
  topics: { update(updates: readonly TopicUpdate[], peer: string): void; confirmed(): Promise<void> }
  /** Resolves when the name servers know what changed. */
  whenRegistered(): Promise<void>
}

/** UPDATE_AND_CREATE_TOPIC: answered when the topic is as safe as the flush mode says, and the name servers know it. */
export function updateAndCreateTopic(parts: UpdateTopicParts): Handler<typeof commands.updateAndCreateTopic> {
  return async (header, call) => {
    parts.topics.update([topicUpdate(header)], call.connection.remoteAddress)
    await Promise.all([parts.topics.confirmed(), parts.whenRegistered()])
    return {}
  }
}

/** @throws ProtocolError with the field that is wrong */
export function topicUpdate(header: RequestOf<typeof commands.updateAndCreateTopic>): TopicUpdate {
  const { topicFilterType } = header
  if (topicFilterType !== 'SINGLE_TAG' && topicFilterType !== 'MULTI_TAG') {
    const remark = `topicFilterType "${topicFilterType}" is unknown: it is SINGLE_TAG or MULTI_TAG`
    throw new ProtocolError('INVALID_PARAMETER', remark)
  }
  const { attributes: _none, ...config } = newTopicConfig(header.topic, {
    readQueueNums: header.readQueueNums,
    writeQueueNums: header.writeQueueNums,
    perm: header.perm,
    topicFilterType,
    topicSysFlag: header.topicSysFlag ?? 0,
    order: header.order,
  })
  return { ...config, attributeChanges: parseAttributeChanges(header.attributes ?? '') }
}
