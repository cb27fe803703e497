import { BodyInParts, type commands, topicListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { Walks } from '../../loop-share.ts'

export interface ConsumerTopicsParts {
  walks: Walks
  brokerAddress: string
  offsets: { topicsOf(group: string): Iterable<string> }
}

/** QUERY_TOPICS_BY_CONSUMER: topics that a group has offsets in. */
export function queryTopicsByConsumer(parts: ConsumerTopicsParts): Handler<typeof commands.queryTopicsByConsumer> {
  return async ({ group }) => {
    const { walks, brokerAddress: brokerAddr, offsets } = parts
    const body = new BodyInParts(topicListBody, 'topicList', (topicList: string[]) => ({ topicList, brokerAddr }))
    await walks.forEach(offsets.topicsOf(group), (topic) => body.add(topic))
    return { body: body.end() }
  }
}
