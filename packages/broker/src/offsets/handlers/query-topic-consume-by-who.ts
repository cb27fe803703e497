import { type commands, groupListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface TopicConsumersParts {
  consumers: { groupsOf(topic: string): readonly string[] }
  offsets: { groupsOf(topic: string): readonly string[] }
}

/** QUERY_TOPIC_CONSUME_BY_WHO: groups that subscribe to a topic now, or have offsets in it. */
export function queryTopicConsumeByWho(parts: TopicConsumersParts): Handler<typeof commands.queryTopicConsumeByWho> {
  return ({ topic }) => {
    const groups = new Set([...parts.consumers.groupsOf(topic), ...parts.offsets.groupsOf(topic)])
    return { body: groupListBody.encode({ groupList: [...groups] }) }
  }
}
