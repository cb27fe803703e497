import {
  type commands,
  ProtocolError,
  type SubscriptionGroupConfig,
  subscriptionGroupConfigBody,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface GetGroupParts {
  groups: { find(group: string): SubscriptionGroupConfig | undefined }
}

/** GET_SUBSCRIPTIONGROUP_CONFIG: asking for a group makes it, where groups are made on use. */
export function getSubscriptiongroupConfig(parts: GetGroupParts): Handler<typeof commands.getSubscriptiongroupConfig> {
  return ({ group }) => {
    const config = parts.groups.find(group)
    if (config === undefined) {
      throw new ProtocolError('SUBSCRIPTION_GROUP_NOT_EXIST', `No group in this broker. group: ${group}`)
    }
    return { body: subscriptionGroupConfigBody.encode(config) }
  }
}
