import type { Log } from '@rocketmq-ts/platform'
import { commands } from '@rocketmq-ts/protocol'
import type { RemotingClient } from '@rocketmq-ts/remoting'
import type { SmallestBrokerChange } from './routes/index.ts'

const timeoutMs = 3000

/**
 * Tells the brokers of a name that the smallest id among them has changed (NOTIFY_MIN_BROKER_ID_CHANGE 905). Slaves
 * start and stop acting as master by it. A broker that cannot be reached learns it from its next registration.
 */
export function notifySmallestBroker({ group, left }: SmallestBrokerChange, client: RemotingClient, log: Log): void {
  const smallest = group.smallestMember
  if (smallest === undefined) return
  const { brokerName } = group
  const header = {
    minBrokerId: smallest.brokerId,
    minBrokerAddr: smallest.address,
    brokerName,
    offlineBrokerAddr: left?.address,
    haBrokerAddr: left === undefined ? smallest.haServerAddress : undefined,
  }
  // A broker that came as the smallest one knows that itself. When a broker left, the new smallest one must learn it.
  const told = [...group.members.values()].filter((member) => left !== undefined || member !== smallest)
  for (const { address } of told) {
    client.invoke(address, commands.notifyMinBrokerIdChange, { header, timeoutMs }).catch((error) => {
      log.warn({ brokerName, address, err: error }, 'a broker was not told of a change among its peers')
    })
  }
}
