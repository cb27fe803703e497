import {
  type QueryAssignmentRequest,
  queryAssignmentRequestBody,
  queryAssignmentResponseBody,
} from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { queryAssignment } from '../../src/assignment/handlers/query-assignment.ts'
import type { ConsumerGroupView } from '../../src/clients/index.ts'
import { ask } from '../call-kit.ts'

const queues = [0, 1, 2].map((queueId) => ({ topic: 'T', brokerName: 'broker-a', queueId }))
/** Not in their order. */
const members = ['c', 'a', 'b']

const handler = queryAssignment({
  brokerName: 'b',
  isLightQueue: () => false,
  routes: { readableQueues: async (topic) => (topic === 'T' ? queues : undefined) },
  consumers: {
    get: (group) =>
      group === 'G'
        ? ({ clientIds: () => [...members] } as Partial<ConsumerGroupView> as ConsumerGroupView)
        : undefined,
  },
  modes: { of: () => ({ mode: 'PULL', popShareQueueNum: 0 }) },
  settings: () => ({ serverLoadBalancerEnable: true }),
})

/** @returns the ids of the queues, undefined for an answer without a list, or the remark of a refusal */
async function assigned(changes: QueryAssignmentRequest = {}): Promise<number[] | undefined | string> {
  const request = {
    topic: 'T',
    consumerGroup: 'G',
    clientId: 'b',
    strategyName: 'AVG',
    messageModel: 'CLUSTERING' as const,
  }
  const body = queryAssignmentRequestBody.encode({ ...request, ...changes })
  const { code, remark, body: answer } = await ask(handler, {}, { body })
  if (code !== 0) return remark
  const { messageQueueAssignments } = queryAssignmentResponseBody.decode(answer)
  return messageQueueAssignments?.map(({ mode, messageQueue }) => {
    expect(mode).toBe('PULL')
    return messageQueue!.queueId
  })
}

describe('a member that asks for its queues', () => {
  test('is given its share of them, by the names of all members', async () => {
    expect(await assigned({ clientId: 'a' })).toEqual([0])
    expect(await assigned({ clientId: 'b' })).toEqual([1])
    expect(await assigned({ clientId: 'c' })).toEqual([2])
  })

  test('is given all of them when its group broadcasts', async () => {
    expect(await assigned({ messageModel: 'BROADCASTING', consumerGroup: 'unknown' })).toEqual([0, 1, 2])
  })

  test('is given none when it is no member', async () => {
    expect(await assigned({ clientId: 'stranger' })).toEqual([])
  })

  test.each<QueryAssignmentRequest>([
    { topic: 'unknown' },
    { consumerGroup: 'unknown' },
    { strategyName: 'CONSISTENT_HASH' },
    { strategyName: undefined },
    { messageModel: 'LITE_SELECTIVE' },
    { clientId: undefined },
  ])('keeps what it has when nothing can be said about %j', async (changes) => {
    expect(await assigned(changes)).toBeUndefined()
  })

  test.each<[string, QueryAssignmentRequest]>([
    ['topic', { topic: undefined }],
    ['consumerGroup', { consumerGroup: undefined }],
    ['messageModel', { messageModel: undefined }],
  ])('is told that it named no %s', async (name, changes) => {
    expect(await assigned(changes)).toBe(`the body has no ${name}: the request needs it`)
  })
})
