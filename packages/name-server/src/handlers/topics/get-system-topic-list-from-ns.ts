import { type commands, topicListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { type RouteTable, systemTopics } from '../../routes/index.ts'

/** GET_SYSTEM_TOPIC_LIST_FROM_NS (304). */
export function getSystemTopicListFromNs(routes: RouteTable): Handler<typeof commands.getSystemTopicListFromNs> {
  return () => ({ body: topicListBody.encode(systemTopics(routes)) })
}
