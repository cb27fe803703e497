import { type commands, subscriptionGroupListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { UpdateGroupParts } from './update-and-create-subscriptiongroup.ts'

/** UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST: all of the groups, or none when one is refused. */
export function updateAndCreateSubscriptiongroupList(
  parts: UpdateGroupParts,
): Handler<typeof commands.updateAndCreateSubscriptiongroupList> {
  return async (_header, call) => {
    parts.groups.update(subscriptionGroupListBody.decode(call.body).groupConfigList, call.connection.remoteAddress)
    await parts.groups.confirmed()
    return {}
  }
}
