import { type commands, topicListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface SystemTopicsParts {
  topics: { readonly systemTopics: ReadonlySet<string> }
}

/** GET_SYSTEM_TOPIC_LIST_FROM_BROKER */
export function getSystemTopicListFromBroker(
  parts: SystemTopicsParts,
): Handler<typeof commands.getSystemTopicListFromBroker> {
  return () => ({ body: topicListBody.encode({ topicList: [...parts.topics.systemTopics] }) })
}
