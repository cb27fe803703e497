import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface DeleteGroupParts {
  groups: { delete(group: string, withOffsets: boolean, peer: string): boolean; confirmed(): Promise<void> }
}

/** DELETE_SUBSCRIPTIONGROUP: the group and, when asked, its offsets. */
export function deleteSubscriptiongroup(parts: DeleteGroupParts): Handler<typeof commands.deleteSubscriptiongroup> {
  return async ({ groupName, cleanOffset }, call) => {
    parts.groups.delete(groupName, cleanOffset === true, call.connection.remoteAddress)
    await parts.groups.confirmed()
    return {}
  }
}
