import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { checkNotOwnProgress } from '../own-progress.ts'

export interface DeleteGroupParts {
  groups: { delete(group: string, withOffsets: boolean, peer: string): boolean; confirmed(): Promise<void> }
}

/** DELETE_SUBSCRIPTIONGROUP: the group and, when asked, its offsets. */
export function deleteSubscriptiongroup(parts: DeleteGroupParts): Handler<typeof commands.deleteSubscriptiongroup> {
  return async ({ groupName, cleanOffset }, call) => {
    checkNotOwnProgress(groupName)
    parts.groups.delete(groupName, cleanOffset === true, call.connection.remoteAddress)
    await parts.groups.confirmed()
    return {}
  }
}
