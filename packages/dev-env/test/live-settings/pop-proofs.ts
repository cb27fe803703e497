import { commands, queryAssignmentRequestBody, queryAssignmentResponseBody } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { type ClusterClient, PopConsumer } from '../../src/index.ts'
import type { Proof } from './proofs.ts'
import { Scene } from './scene.ts'

/** A topic with messages, and a member of a group. */
async function withConsumer(count: number, settings: Record<string, string> = {}) {
  const scene = await Scene.start(settings)
  await scene.broker.createTopic('T', 1)
  for (let number = 0; number < count; number++) await scene.broker.send({ topic: 'T', body: String(number) })
  return { scene, consumer: newConsumer(scene) }
}

function newConsumer(scene: Scene, group = 'g'): PopConsumer {
  return new PopConsumer(scene.cluster.newClient().broker(scene.machine), scene.machine.name, group, 'T')
}

/** Gives out one message, which is visible again after that. */
async function comesAgain(scene: Scene, consumer: PopConsumer): Promise<void> {
  expect((await consumer.pop({ invisibleTime: 1000 })).messages).toHaveLength(1)
  await scene.cluster.sleep(2000)
}

function join(scene: Scene, client: ClusterClient): Promise<void> {
  return client.broker(scene.machine).heartbeat([{ group: 'g', topics: { T: '*' } }])
}

/** The queues that a member of the group is to pull or pop. */
async function assigned(scene: Scene, clientId = scene.cluster.client.id): Promise<string[] | undefined> {
  await join(scene, scene.cluster.client)
  await scene.cluster.sleep(1000)
  const request = { topic: 'T', consumerGroup: 'g', clientId, strategyName: 'AVG' }
  const body = queryAssignmentRequestBody.encode({ ...request, messageModel: 'CLUSTERING' })
  const answer = await scene.broker.ask(commands.queryAssignment, {}, body)
  const { messageQueueAssignments } = queryAssignmentResponseBody.decode(answer.body)
  return messageQueueAssignments?.map(({ mode, messageQueue }) => `${mode} ${messageQueue!.queueId}`)
}

/** A message of each of three priorities. */
async function sendByPriority(scene: Scene): Promise<void> {
  await scene.broker.createTopic('T', 3, 6, '+message.type=PRIORITY')
  for (const priority of ['1', '2', '0']) {
    await scene.broker.send({ topic: 'T', body: priority, properties: { _SYS_MSG_PRIORITY_: priority } })
  }
}

async function retryTopics(scene: Scene): Promise<string[]> {
  return [...(await scene.broker.topics()).topicConfigTable.keys()].filter((name) => name.startsWith('%RETRY%'))
}

/** By the key of the setting. */
export const popProofs: Readonly<Record<string, Proof>> = {
  async popCkMaxBufferSize() {
    const { scene, consumer } = await withConsumer(3)
    await consumer.pop()
    await scene.change({ popCkMaxBufferSize: '1' })
    expect(await consumer.pop()).toMatchObject({ code: 'POLLING_FULL', remark: expect.stringContaining('Buffer') })
    await scene.change({ popCkMaxBufferSize: '2' })
    expect((await consumer.pop()).messages).toHaveLength(1)
  },

  async enableRetryTopicV2() {
    const { scene, consumer } = await withConsumer(2)
    await scene.change({ enableRetryTopicV2: 'true' })
    await comesAgain(scene, consumer)
    expect(await retryTopics(scene)).toEqual(['%RETRY%g+T'])
    await scene.change({ enableRetryTopicV2: 'false' })
    await comesAgain(scene, newConsumer(scene, 'h'))
    expect((await retryTopics(scene)).sort()).toEqual(['%RETRY%g+T', '%RETRY%h_T'])
  },

  async retrieveMessageFromPopRetryTopicV1() {
    const { scene, consumer } = await withConsumer(1)
    await comesAgain(scene, consumer)
    await scene.change({ enableRetryTopicV2: 'true', retrieveMessageFromPopRetryTopicV1: 'false' })
    expect((await consumer.pop()).messages).toEqual([])
    await scene.change({ retrieveMessageFromPopRetryTopicV1: 'true' })
    expect((await consumer.pop()).messages).toHaveLength(1)
  },

  async popFromRetryProbability() {
    const { scene, consumer } = await withConsumer(40)
    for (let count = 0; count < 10; count++) await consumer.pop({ invisibleTime: 1000 })
    await scene.cluster.sleep(2000)
    const deliveries = async () => (await consumer.pop()).messages.map(({ reconsumeTimes }) => reconsumeTimes)
    await scene.change({ popFromRetryProbability: '100' })
    for (let count = 0; count < 5; count++) expect(await deliveries()).toEqual([1])
    await scene.change({ popFromRetryProbability: '0' })
    for (let count = 0; count < 5; count++) expect(await deliveries()).toEqual([0])
  },

  async popPollingSize() {
    const { scene } = await withConsumer(0)
    await scene.change({ popPollingSize: '1' })
    const waiting = newConsumer(scene).pop({ pollTime: 2000 })
    await scene.cluster.sleep(100)
    const refused = await newConsumer(scene).pop({ pollTime: 2000 })
    expect(refused).toMatchObject({ code: 'POLLING_FULL', remark: expect.stringContaining('popPollingSize') })
    expect((await waiting).code).toBe('POLLING_TIMEOUT')
  },

  async maxPopPollingSize() {
    const { scene } = await withConsumer(0)
    await scene.change({ maxPopPollingSize: '1' })
    const waiting = newConsumer(scene).pop({ pollTime: 2000 })
    await scene.cluster.sleep(100)
    const refused = await newConsumer(scene, 'h').pop({ pollTime: 2000 })
    expect(refused).toMatchObject({ code: 'POLLING_FULL', remark: expect.stringContaining('maxPopPollingSize') })
    expect((await waiting).code).toBe('POLLING_TIMEOUT')
  },

  async popResponseReturnActualRetryTopic() {
    const { scene, consumer } = await withConsumer(1)
    await comesAgain(scene, consumer)
    await scene.change({ popResponseReturnActualRetryTopic: 'true' })
    const { messages } = await consumer.pop({ invisibleTime: 1000 })
    expect(messages.map(({ topic }) => topic)).toEqual(['%RETRY%g_T'])
    await scene.cluster.sleep(2000)
    await scene.change({ popResponseReturnActualRetryTopic: 'false' })
    expect((await consumer.pop()).messages.map(({ topic }) => topic)).toEqual(['T'])
  },

  async enablePopMessageThreshold() {
    const { scene, consumer } = await withConsumer(3, { popInflightMessageThreshold: '0' })
    const [first] = (await consumer.pop()).messages
    await scene.change({ enablePopMessageThreshold: 'true' })
    expect(await consumer.pop()).toMatchObject({ messages: [], header: { restNum: 2 } })
    await consumer.ack(first!)
    expect((await consumer.pop()).messages).toHaveLength(1)
    await scene.change({ enablePopMessageThreshold: 'false' })
    expect((await consumer.pop()).messages).toHaveLength(1)
  },

  async popInflightMessageThreshold() {
    const { scene, consumer } = await withConsumer(4, { enablePopMessageThreshold: 'true' })
    await consumer.pop({ maxMsgNums: 2 })
    await scene.change({ popInflightMessageThreshold: '1' })
    expect((await consumer.pop()).messages).toEqual([])
    await scene.change({ popInflightMessageThreshold: '2' })
    expect((await consumer.pop()).messages).toHaveLength(1)
  },

  async priorityOrderAsc() {
    const { scene } = await withConsumer(0)
    await sendByPriority(scene)
    const given = async (group: string) =>
      (await newConsumer(scene, group).pop({ maxMsgNums: 3 })).messages.map(({ body }) => String(body))
    expect(await given('g')).toEqual(['2', '1', '0'])
    await scene.change({ priorityOrderAsc: 'false' })
    expect(await given('h')).toEqual(['0', '1', '2'])
  },

  async popFromRetryProbabilityForPriority() {
    const { scene, consumer } = await withConsumer(0)
    for (let count = 0; count < 4; count++) await sendByPriority(scene)
    for (let count = 0; count < 4; count++) await consumer.pop({ invisibleTime: 1000 })
    await scene.cluster.sleep(2000)
    const deliveries = async () => (await consumer.pop()).messages.map(({ reconsumeTimes }) => reconsumeTimes)
    expect(await deliveries()).toEqual([0])
    await scene.change({ popFromRetryProbabilityForPriority: '100' })
    for (let count = 0; count < 4; count++) expect(await deliveries()).toEqual([1])
  },

  async useSeparateRetryQueue() {
    const { scene, consumer } = await withConsumer(0)
    await sendByPriority(scene)
    await comesAgain(scene, consumer)
    await scene.change({ useSeparateRetryQueue: 'true' })
    await comesAgain(scene, consumer)
    const topics = (await scene.broker.topics()).topicConfigTable
    expect(topics.get('%RETRY%g_T')).toMatchObject({ readQueueNums: 3, writeQueueNums: 3 })
    const bodies = async (queueId: number) =>
      (await scene.broker.readQueue('%RETRY%g_T', queueId)).map(({ body }) => String(body))
    expect([await bodies(0), await bodies(1), await bodies(2)]).toEqual([['2'], ['1'], []])
  },

  async serverLoadBalancerEnable() {
    const { scene } = await withConsumer(0)
    expect(await assigned(scene, 'other')).toEqual([])
    await scene.change({ serverLoadBalancerEnable: 'false' })
    expect(await assigned(scene, 'other')).toEqual(['PULL 0'])
  },

  async defaultMessageRequestMode() {
    const { scene } = await withConsumer(0)
    expect(await assigned(scene)).toEqual(['PULL 0'])
    await scene.change({ defaultMessageRequestMode: 'POP' })
    expect(await assigned(scene)).toEqual(['POP -1'])
  },

  async defaultPopShareQueueNum() {
    const { scene } = await withConsumer(0, { defaultMessageRequestMode: 'POP' })
    for (let count = 0; count < 2; count++) await join(scene, scene.cluster.newClient())
    expect(await assigned(scene)).toEqual(['POP -1'])
    await scene.change({ defaultPopShareQueueNum: '1' })
    expect(await assigned(scene)).toEqual(['POP 0'])
  },
}
