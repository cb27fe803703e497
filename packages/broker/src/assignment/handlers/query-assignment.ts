import {
  type commands,
  lightQueueId,
  ProtocolError,
  type QueryAssignmentRequest,
  queryAssignmentRequestBody,
  queryAssignmentResponseBody,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { ConsumerRegistry } from '../../clients/index.ts'
import { allocateForPop, allocations } from '../allocate.ts'
import type { RequestMode, RequestModes } from '../request-modes.ts'
import type { QueueKey, TopicRoutes } from '../topic-routes.ts'

export interface QueryAssignmentParts {
  routes: Pick<TopicRoutes, 'readableQueues'>
  consumers: Pick<ConsumerRegistry, 'get'>
  modes: Pick<RequestModes, 'of'>
  /** Of this broker: it has the only queue of each light queue's name. */
  brokerName: string
  isLightQueue(topic: string): boolean
  settings(): { serverLoadBalancerEnable: boolean }
}

/**
 * QUERY_ASSIGNMENT: the queues of a topic that a member of a group is to pull or pop, which it asks for instead of
 * dividing them itself. An answer without a list tells it to keep what it has: the topic, the group, the member or the way of dividing is
 * unknown.
 */
export function queryAssignment(parts: QueryAssignmentParts): Handler<typeof commands.queryAssignment> {
  return async (_header, call) => {
    const request = queryAssignmentRequestBody.decode(call.body)
    const topic = needed(request.topic, 'topic')
    const queues = parts.isLightQueue(topic)
      ? [{ topic, brokerName: parts.brokerName, queueId: lightQueueId }]
      : await parts.routes.readableQueues(topic)
    const mode = parts.modes.of(topic, request.consumerGroup ?? '')
    const assigned = queues === undefined ? undefined : assignedQueues(request, queues, mode, parts)
    return {
      body: queryAssignmentResponseBody.encode({
        messageQueueAssignments: assigned?.map((messageQueue) => ({ messageQueue, mode: mode.mode })),
      }),
    }
  }
}

function assignedQueues(
  request: QueryAssignmentRequest,
  queues: readonly QueueKey[],
  { mode, popShareQueueNum }: RequestMode,
  { consumers, settings }: QueryAssignmentParts,
): readonly QueueKey[] | undefined {
  const model = needed(request.messageModel, 'messageModel')
  if (model === 'BROADCASTING') return queues
  if (model !== 'CLUSTERING') return undefined
  if (!settings().serverLoadBalancerEnable) return queues
  const members = consumers.get(needed(request.consumerGroup, 'consumerGroup'))?.clientIds().sort()
  const allocate = allocations.get(request.strategyName ?? '')
  const { clientId } = request
  if (members === undefined || members.length === 0 || allocate === undefined || clientId === undefined)
    return undefined
  const index = members.indexOf(clientId)
  if (mode === 'POP') return allocateForPop(allocate, queues, index, members.length, popShareQueueNum)
  return index < 0 ? [] : allocate(queues, index, members.length)
}

function needed<Value>(value: Value | undefined, name: string): Value {
  if (value !== undefined) return value
  throw new ProtocolError('INVALID_PARAMETER', `the body has no ${name}: the request needs it`)
}
