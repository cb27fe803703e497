import type { Log } from '@rocketmq-ts/platform'
import { commands } from '@rocketmq-ts/protocol'
import type { RemotingClient } from '@rocketmq-ts/remoting'
import type { SmallestBrokerChange } from './routes/index.ts'

const timeoutMs = 3000

/**
 * Tells the brokers of a name that the smallest id among them is another one (NOTIFY_MIN_BROKER_ID_CHANGE 905), by which
 * slaves start and stop acting as master. A broker that cannot be told learns it from its next registration.
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
  // The new smallest one knows that it came; when another one left it has to learn that too.
  const told = [...group.members.values()].filter((member) => left !== undefined || member !== smallest)
  for (const { address } of told) {
    client.invoke(address, commands.notifyMinBrokerIdChange, { header, timeoutMs }).catch((error) => {
      log.warn({ brokerName, address, err: error }, 'a broker was not told of a change among its peers')
    })
  }
}
