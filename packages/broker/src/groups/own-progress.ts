import { ProtocolError, reviveGroup, transactionGroup } from '@rocketmq-ts/protocol'

const ownGroups: ReadonlySet<string> = new Set([transactionGroup, reviveGroup])

/**
 * Some groups name how far the broker itself is in topics of its own. Whoever changed that would have it pass by the ends
 * of transactions and what is to become visible again, or deal with them once more.
 * @throws ProtocolError NO_PERMISSION when a client may not change the offsets of a group
 */
export function checkNotOwnProgress(group: string): void {
  if (!ownGroups.has(group)) return
  throw new ProtocolError(
    'NO_PERMISSION',
    `the group ${group} has the progress of the broker itself: use another group`,
  )
}
