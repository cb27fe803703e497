import { type commands, createTopicListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { UpdateTopicParts } from './update-and-create-topic.ts'

/** UPDATE_AND_CREATE_TOPIC_LIST: all of the topics, or none when one is refused. */
export function updateAndCreateTopicList(parts: UpdateTopicParts): Handler<typeof commands.updateAndCreateTopicList> {
  return async (_header, call) => {
    const { topicConfigList } = createTopicListBody.decode(call.body)
    parts.topics.update(
      topicConfigList.map(({ attributes, ...config }) => ({ ...config, attributeChanges: attributes })),
      call.connection.remoteAddress,
    )
    await Promise.all([parts.topics.confirmed(), parts.whenRegistered()])
    return {}
  }
}
