import { commands, consumerIdListBody } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { masterId, type TopicRoute } from '../routing/topic-route.ts'

/**
 * The client ids of a group's members, sorted as all members sort them. A broker of the topic is asked that has answered
 * a heartbeat of this client: one that was started just now knows nobody.
 * @throws RocketMQError
 */
export async function groupMembers(
  client: ClusterClient,
  group: string,
  route: TopicRoute,
  deadline: Deadline,
): Promise<string[]> {
  const brokers = [...route.brokers.values()].filter(({ brokerAddrs }) => brokerAddrs.has(masterId))
  const { random } = client.runtime
  let failure: unknown
  for (let tried = 0; tried < Math.min(brokers.length, 3); tried++) {
    const [broker] = brokers.splice(random.below(brokers.length), 1)
    const address = broker!.brokerAddrs.get(masterId)!
    try {
      await deadline.within(client.heartbeats.known(address))
      const ids = await idsAt({ name: broker!.brokerName, address }, client, group, deadline)
      if (ids.includes(client.clientId)) return ids
      // It has forgotten the client, or the connection was replaced meanwhile.
      await deadline.within(client.heartbeats.beat(address))
      return await idsAt({ name: broker!.brokerName, address }, client, group, deadline)
    } catch (error) {
      failure = error
    }
  }
  if (failure !== undefined) throw failure
  return []
}

async function idsAt(
  broker: { readonly name: string; readonly address: string },
  client: ClusterClient,
  group: string,
  deadline: Deadline,
): Promise<string[]> {
  const command = commands.getConsumerListByGroup
  const answer = await client.askForSuccess(broker, { command, header: { consumerGroup: group } }, deadline)
  return consumerIdListBody.decode(answer.body ?? Buffer.alloc(0)).consumerIdList.toSorted()
}
