import { type commands, ProtocolError, type TopicConfig, topicConfigAndQueueMappingBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface GetTopicConfigParts {
  topics: { get(topic: string): TopicConfig | undefined }
}

/** GET_TOPIC_CONFIG */
export function getTopicConfig(parts: GetTopicConfigParts): Handler<typeof commands.getTopicConfig> {
  return ({ topic }) => {
    const config = parts.topics.get(topic)
    if (config === undefined) throw new ProtocolError('TOPIC_NOT_EXIST', `No topic in this broker. topic: ${topic}`)
    return { body: topicConfigAndQueueMappingBody.encode(config) }
  }
}
