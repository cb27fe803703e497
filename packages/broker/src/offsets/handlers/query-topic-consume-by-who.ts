import { type commands, groupListBody, reviveGroup, timerTopic } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface TopicConsumersParts {
  consumers: { groupsOf(topic: string): readonly string[] }
  offsets: { groupsOf(topic: string): readonly string[] }
}

/**
 * QUERY_TOPIC_CONSUME_BY_WHO: groups that subscribe to a topic now, or have offsets in it. How far the revival of POP has seen the
 * timer is a note of the broker, which is kept as an offset: no group consumes there.
 */
export function queryTopicConsumeByWho(parts: TopicConsumersParts): Handler<typeof commands.queryTopicConsumeByWho> {
  return ({ topic }) => {
    const groups = new Set([...parts.consumers.groupsOf(topic), ...parts.offsets.groupsOf(topic)])
    if (topic === timerTopic) groups.delete(reviveGroup)
    return { body: groupListBody.encode({ groupList: [...groups] }) }
  }
}
