import { type commands, subscriptionGroupConfigBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { GroupUpdate } from '../index.ts'

export interface UpdateGroupParts {
  groups: { update(updates: readonly GroupUpdate[], peer: string): void; confirmed(): Promise<void> }
}

/** UPDATE_AND_CREATE_SUBSCRIPTIONGROUP: answered when the group is as safe as the flush mode says. */
export function updateAndCreateSubscriptiongroup(
  parts: UpdateGroupParts,
): Handler<typeof commands.updateAndCreateSubscriptiongroup> {
  return async (_header, call) => {
    parts.groups.update([subscriptionGroupConfigBody.decode(call.body)], call.connection.remoteAddress)
    await parts.groups.confirmed()
    return {}
  }
}
