import {
  commands,
  isLogicalBroker,
  queryAssignmentRequestBody,
  queryAssignmentResponseBody,
  responseCodes,
} from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { answerError, readAnswer } from '../rocketmq-error.ts'
import { masterId, type QueueRef, type TopicRoute } from '../routing/topic-route.ts'

/** Brokers that are asked at the most. */
const askedMax = 3
/** How members share queues out; by POP it counts where only a part of the members is to have a queue. */
const strategyName = 'AVG'

/** A broker does not know the topic or the member at the moment, and so does not tell how the group takes messages. */
export const notTold = Symbol('not told')

/**
 * What a member is to ask for by POP, where an administrator has set that for the group and the topic: queues, or with the
 * id -1 all queues of a broker.
 * @returns undefined when the group pulls: then members share the queues out themselves, as members of older versions do;
 *   `notTold` when no broker tells
 * @throws RocketMQError when no broker can be asked
 */
export async function assignedForPop(
  client: ClusterClient,
  group: string,
  route: TopicRoute,
  deadline: Deadline,
): Promise<QueueRef[] | undefined | typeof notTold> {
  const { topic, brokers } = route
  const masters = [...brokers.values()]
    .filter(({ brokerAddrs }) => brokerAddrs.has(masterId))
    // All members ask the same one: it may have been set at some of the brokers alone.
    .toSorted((one, other) => (one.brokerName < other.brokerName ? -1 : 1))
  let failure: unknown
  let isNotTold = false
  for (const { brokerName: name, brokerAddrs } of masters.slice(0, askedMax)) {
    try {
      const assigned = await assignedBy({ name, address: brokerAddrs.get(masterId)! }, client, group, topic, deadline)
      if (assigned === notTold) isNotTold = true
      else return assigned?.some(({ broker }) => isLogicalBroker(broker)) === true ? ofAllBrokers(route) : assigned
    } catch (error) {
      failure = error
    }
  }
  if (isNotTold) return notTold
  if (failure !== undefined) throw failure
  return undefined
}

/** The queues of a static topic are of no broker, and their messages may be on any: each member asks all. */
function ofAllBrokers({ topic, readBrokers }: TopicRoute): QueueRef[] {
  return readBrokers.map((broker) => ({ topic, broker, queueId: -1 }))
}

async function assignedBy(
  broker: { readonly name: string; readonly address: string },
  client: ClusterClient,
  group: string,
  topic: string,
  deadline: Deadline,
): Promise<QueueRef[] | undefined | typeof notTold> {
  // It tells only members that it knows.
  await deadline.within(client.heartbeats.known(broker.address))
  const command = commands.queryAssignment
  const body = queryAssignmentRequestBody.encode({
    ...{ topic, consumerGroup: group, clientId: client.clientId, strategyName },
    messageModel: 'CLUSTERING',
  })
  const answer = await client.ask(broker, { command, header: {}, body }, deadline)
  // Brokers before 5.0 have no POP.
  if (answer.code === responseCodes.REQUEST_CODE_NOT_SUPPORTED.code) return undefined
  if (answer.code !== responseCodes.SUCCESS.code)
    throw answerError(command.name, answer, { topic, broker: broker.name })
  const { messageQueueAssignments } = readAnswer(command.name, { topic, broker: broker.name }, () =>
    queryAssignmentResponseBody.decode(answer.body ?? Buffer.alloc(0)),
  )
  if (messageQueueAssignments === undefined) return notTold
  const popped = messageQueueAssignments.filter(({ mode }) => mode === 'POP')
  if (popped.length === 0) return undefined
  return popped.flatMap(({ messageQueue: queue }) =>
    queue === undefined ? [] : [{ topic, broker: queue.brokerName, queueId: Math.max(-1, queue.queueId) }],
  )
}
