import {
  type commands,
  ProtocolError,
  type TopicConfig,
  type TopicQueueMappingDetail,
  topicConfigAndQueueMappingBody,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface GetTopicConfigParts {
  topics: { get(topic: string): TopicConfig | undefined }
  mappings: { get(topic: string): { readonly detail: TopicQueueMappingDetail } | undefined }
}

/** GET_TOPIC_CONFIG: with this broker's part of a static topic, when the request is about logical queues. */
export function getTopicConfig(parts: GetTopicConfigParts): Handler<typeof commands.getTopicConfig> {
  return ({ topic, lo }) => {
    const config = parts.topics.get(topic)
    if (config === undefined) throw new ProtocolError('TOPIC_NOT_EXIST', `No topic in this broker. topic: ${topic}`)
    const mapping = lo === true ? parts.mappings.get(topic) : undefined
    return {
      body: topicConfigAndQueueMappingBody.encode(
        mapping === undefined ? config : { ...config, mappingDetail: mapping.detail },
      ),
    }
  }
}
