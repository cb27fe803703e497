import { type commands, type SubscriptionGroupTable, subscriptionGroupTableBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface AllGroupsParts {
  groups: { snapshot(): SubscriptionGroupTable }
}

/** GET_ALL_SUBSCRIPTIONGROUP_CONFIG */
export function getAllSubscriptiongroupConfig(
  parts: AllGroupsParts,
): Handler<typeof commands.getAllSubscriptiongroupConfig> {
  return () => {
    const table = parts.groups.snapshot()
    return {
      header: { totalGroupNum: table.subscriptionGroupTable.size },
      body: subscriptionGroupTableBody.encode(table),
    }
  }
}
