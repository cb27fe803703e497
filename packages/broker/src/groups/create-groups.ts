import type { KeptFolder } from '../kept/index.ts'
import type { BrokerSettings } from '../settings/index.ts'
import { GroupTable } from './group-table.ts'
import { deleteSubscriptiongroup } from './handlers/delete-subscriptiongroup.ts'
import { getAllSubscriptiongroupConfig } from './handlers/get-all-subscriptiongroup-config.ts'
import { getSubscriptiongroupConfig } from './handlers/get-subscriptiongroup-config.ts'
import { updateAndCreateSubscriptiongroup } from './handlers/update-and-create-subscriptiongroup.ts'
import { updateAndCreateSubscriptiongroupList } from './handlers/update-and-create-subscriptiongroup-list.ts'
import { updateAndGetGroupForbidden } from './handlers/update-and-get-group-forbidden.ts'

export interface GroupsParts {
  config: KeptFolder
  settings(): BrokerSettings
  counters: { removeGroup(group: string): void }
  /** Resolves when the progress of groups that was removed is gone for good. */
  whenProgressRemoved(): Promise<void>
  /** Resolves when what says how deleted groups get messages is gone for good. */
  whenModesRemoved(): Promise<void>
}

/** The consumer groups of the broker: what they are, and making, changing and deleting them. */
export function createGroups(parts: GroupsParts) {
  const { config, settings, counters, whenProgressRemoved, whenModesRemoved } = parts
  const groups = new GroupTable({ config, settings })
  groups.onDelete((group) => counters.removeGroup(group))
  return {
    table: groups,
    handlers: {
      updateAndCreateSubscriptiongroup: updateAndCreateSubscriptiongroup({ groups }),
      updateAndCreateSubscriptiongroupList: updateAndCreateSubscriptiongroupList({ groups }),
      getAllSubscriptiongroupConfig: getAllSubscriptiongroupConfig({ groups }),
      getSubscriptiongroupConfig: getSubscriptiongroupConfig({ groups }),
      deleteSubscriptiongroup: deleteSubscriptiongroup({ groups, whenProgressRemoved, whenModesRemoved }),
      updateAndGetGroupForbidden: updateAndGetGroupForbidden({ groups }),
    },
    close: () => groups.close(),
    stats: () => ({ groups: groups.list().size }),
  }
}
