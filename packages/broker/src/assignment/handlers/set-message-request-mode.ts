import { type commands, messageRequestModeSettingBody, ProtocolError, retryTopicPrefix } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { RequestModes } from '../request-modes.ts'

export interface SetRequestModeParts {
  modes: RequestModes
  topics: { get(topic: string): unknown }
  groups: { find(group: string): unknown }
}

/** SET_MESSAGE_REQUEST_MODE: whether a group pulls or pops a topic. Its members are told when they ask for their queues. */
export function setMessageRequestMode(parts: SetRequestModeParts): Handler<typeof commands.setMessageRequestMode> {
  return async (_header, call) => {
    const { topic = '', consumerGroup = '', mode, popShareQueueNum } = messageRequestModeSettingBody.decode(call.body)
    if (topic.startsWith(retryTopicPrefix)) {
      throw new ProtocolError('NO_PERMISSION', 'retry topic is not allowed to set mode')
    }
    if (parts.topics.get(topic) === undefined) {
      throw new ProtocolError('TOPIC_NOT_EXIST', `topic[${topic}] not exist`)
    }
    if (parts.groups.find(consumerGroup) === undefined) {
      throw new ProtocolError('SUBSCRIPTION_GROUP_NOT_EXIST', `subscription group [${consumerGroup}] does not exist`)
    }
    await parts.modes.set(topic, consumerGroup, { mode, popShareQueueNum })
    return {}
  }
}
