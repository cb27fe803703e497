import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface DeleteGroupParts {
  groups: { delete(group: string): boolean }
  offsets: { removeGroup(group: string): void }
  statistics: { removeGroup(group: string): void }
  locks: { removeGroup(group: string): void }
}

/** DELETE_SUBSCRIPTIONGROUP: the group and, when asked, its offsets. */
export function deleteSubscriptiongroup(parts: DeleteGroupParts): Handler<typeof commands.deleteSubscriptiongroup> {
  return ({ groupName, cleanOffset }) => {
    parts.groups.delete(groupName)
    if (cleanOffset) parts.offsets.removeGroup(groupName)
    parts.statistics.removeGroup(groupName)
    parts.locks.removeGroup(groupName)
    return {}
  }
}
