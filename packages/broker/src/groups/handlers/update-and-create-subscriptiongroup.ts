import { type commands, subscriptionGroupConfigBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { GroupUpdate } from '../index.ts'

export interface UpdateGroupParts {
  groups: { update(updates: readonly GroupUpdate[], peer: string): void }
}

/** UPDATE_AND_CREATE_SUBSCRIPTIONGROUP */
export function updateAndCreateSubscriptiongroup(
  parts: UpdateGroupParts,
): Handler<typeof commands.updateAndCreateSubscriptiongroup> {
  return (_header, call) => {
    parts.groups.update([subscriptionGroupConfigBody.decode(call.body)], call.connection.remoteAddress)
    return {}
  }
}
