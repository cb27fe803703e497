import { checkClientBody, commands, type SubscriptionData } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { RocketMQError } from '../rocketmq-error.ts'
import { masterId } from '../routing/topic-route.ts'

/**
 * Asks the brokers of a topic whether an expression is one. Official brokers answer a pull with one that is not by all
 * messages of the queue. A broker that is away does not keep those of the others waiting.
 * @throws RocketMQError when a broker of the topic refuses the filter; ABORTED
 */
export async function checkFilter(
  client: ClusterClient,
  group: string,
  subscription: SubscriptionData,
  deadline: Deadline,
): Promise<void> {
  if (subscription.expressionType === 'TAG') return
  const { brokers } = await client.routes.find(subscription.topic, deadline)
  const command = commands.checkClientConfig
  const body = checkClientBody.encode({ clientId: client.clientId, group, subscriptionData: subscription })
  const asked = [...brokers.values()].map(async ({ brokerName, brokerAddrs }) => {
    const address = brokerAddrs.get(masterId)
    if (address === undefined) return
    try {
      await client.askForSuccess({ name: brokerName, address }, { command, header: {}, body }, deadline)
    } catch (error) {
      const { responseCode, code } = error as RocketMQError
      if (responseCode !== undefined || code === 'ABORTED' || code === 'CLOSED') throw error
    }
  })
  await Promise.all(asked)
}
