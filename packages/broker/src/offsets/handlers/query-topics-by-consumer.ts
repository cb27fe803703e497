import { type commands, topicListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface ConsumerTopicsParts {
  brokerAddress: string
  offsets: { topicsOf(group: string): readonly string[] }
}

/** QUERY_TOPICS_BY_CONSUMER: topics that a group has offsets in. */
export function queryTopicsByConsumer(parts: ConsumerTopicsParts): Handler<typeof commands.queryTopicsByConsumer> {
  return ({ group }) => ({
    body: topicListBody.encode({ topicList: [...parts.offsets.topicsOf(group)], brokerAddr: parts.brokerAddress }),
  })
}
