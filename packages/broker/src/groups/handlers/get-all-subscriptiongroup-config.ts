import { type commands, type SubscriptionGroupTable, subscriptionGroupTableBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { tablePage } from '../../configuration/index.ts'

export interface AllGroupsParts {
  groups: { snapshot(): SubscriptionGroupTable }
}

/** GET_ALL_SUBSCRIPTIONGROUP_CONFIG: all groups, or a page of them. */
export function getAllSubscriptiongroupConfig(
  parts: AllGroupsParts,
): Handler<typeof commands.getAllSubscriptiongroupConfig> {
  return ({ groupSeq: from, maxGroupNum: countMax, dataVersion }) => {
    const table = parts.groups.snapshot()
    const groups = table.subscriptionGroupTable
    const subscriptionGroupTable = tablePage(groups, table.dataVersion, { from, countMax, dataVersion })
    return {
      header: { totalGroupNum: groups.size },
      body: subscriptionGroupTableBody.encode({ ...table, subscriptionGroupTable }),
    }
  }
}
