import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { checkNotOwnProgress } from '../own-progress.ts'

export interface DeleteGroupParts {
  groups: { delete(group: string, withOffsets: boolean, peer: string): boolean; confirmed(): Promise<void> }
  /** Resolves when its progress is gone for good. */
  whenProgressRemoved(): Promise<void>
  /** Resolves when what says how it gets messages is gone for good. */
  whenModesRemoved(): Promise<void>
}

/** DELETE_SUBSCRIPTIONGROUP: the group and, when asked, its offsets. */
export function deleteSubscriptiongroup(parts: DeleteGroupParts): Handler<typeof commands.deleteSubscriptiongroup> {
  return async ({ groupName, cleanOffset }, call) => {
    checkNotOwnProgress(groupName)
    parts.groups.delete(groupName, cleanOffset === true, call.connection.remoteAddress)
    await Promise.all([
      parts.groups.confirmed(),
      parts.whenModesRemoved(),
      cleanOffset === true && parts.whenProgressRemoved(),
    ])
    return {}
  }
}
