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
  for (const { brokerName, brokerAddrs } of brokers.values()) {
    const address = brokerAddrs.get(masterId)
    if (address === undefined) continue
    const asked = client.askForSuccess({ name: brokerName, address }, { command, header: {}, body }, deadline)
    await asked.catch((error: RocketMQError) => {
      if (error.responseCode !== undefined || error.code === 'ABORTED' || error.code === 'CLOSED') throw error
    })
  }
}
