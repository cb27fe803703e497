import { commands } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { opTopic, TransactionProducer } from '../../src/index.ts'
import type { Proof } from './proofs.ts'
import { Scene } from './scene.ts'

interface Transactions {
  scene: Scene
  producer: TransactionProducer
}

async function withProducer(brokerSettings: Record<string, string> = {}): Promise<Transactions> {
  const scene = await Scene.start(brokerSettings)
  await scene.broker.createTopic('T', 1)
  // The very first record of a log is an ordinary one: a half that begins there has an op message of its own at once.
  await scene.broker.send({ topic: 'T' })
  const producer = new TransactionProducer(scene.cluster.client, () => scene.broker)
  await producer.join()
  return { scene, producer }
}

async function makeTyped({ broker }: Scene, topic: string, type: string): Promise<void> {
  await broker.ask(commands.updateAndCreateTopic, {
    topic,
    defaultTopic: 'TBW102',
    readQueueNums: 1,
    writeQueueNums: 1,
    perm: 6,
    topicFilterType: 'SINGLE_TAG',
    order: false,
    force: false,
    attributes: `+message.type=${type}`,
  })
}

async function checksIn({ scene, producer }: Transactions, durationMs: number): Promise<number> {
  await scene.cluster.sleep(durationMs)
  return producer.takeChecks().length
}

/** By the key of the setting. */
export const transactionProofs: Readonly<Record<string, Proof>> = {
  async transactionTimeOut() {
    const made = await withProducer({ transactionTimeOut: '100000', transactionCheckInterval: '1000' })
    await made.producer.prepare('T', 'a')
    expect(await checksIn(made, 20_000)).toBe(0)
    await made.scene.change({ transactionTimeOut: '1000' })
    expect(await checksIn(made, 1500)).toBeGreaterThan(0)
  },

  async transactionCheckInterval() {
    const made = await withProducer({ transactionCheckInterval: '3600000' })
    await made.producer.prepare('T', 'a')
    expect(await checksIn(made, 60_000)).toBe(0)
    await made.scene.change({ transactionCheckInterval: '1000' })
    expect(await checksIn(made, 5000)).toBeGreaterThan(2)
  },

  async transactionCheckMax() {
    const made = await withProducer({ transactionCheckInterval: '1000', transactionCheckMax: '1000' })
    await made.producer.prepare('T', 'a')
    expect(await checksIn(made, 16_500)).toBeGreaterThan(8)
    await made.scene.change({ transactionCheckMax: '5' })
    await made.scene.cluster.sleep(1500)
    made.producer.takeChecks()
    expect(await checksIn(made, 10_000)).toBe(0)
  },

  async transactionOpBatchInterval() {
    const { scene, producer } = await withProducer({ transactionOpBatchInterval: '60000' })
    const endOne = async () => producer.end(await producer.prepare('T', 'a'), 'commit')
    await endOne()
    await scene.cluster.sleep(50_000)
    expect(await scene.broker.readQueue(opTopic)).toEqual([])
    await scene.cluster.sleep(11_000)
    await scene.change({ transactionOpBatchInterval: '1000' })
    const before = (await scene.broker.readQueue(opTopic)).length
    await endOne()
    await scene.cluster.sleep(1100)
    expect((await scene.broker.readQueue(opTopic)).length).toBe(before + 1)
  },

  async transactionOpMsgMaxSize() {
    const { scene, producer } = await withProducer()
    const endMany = async () => {
      for (let count = 0; count < 9; count++) await producer.end(await producer.prepare('T', 'a'), 'commit')
      await scene.cluster.sleep(4000)
      return (await scene.broker.readQueue(opTopic)).length
    }
    expect(await endMany()).toBe(1)
    await scene.change({ transactionOpMsgMaxSize: '6' })
    expect(await endMany()).toBeGreaterThan(1 + 3)
  },

  async rejectTransactionMessage() {
    const { scene, producer } = await withProducer()
    await producer.prepare('T', 'a')
    await scene.change({ rejectTransactionMessage: 'true' })
    expect(await scene.codeOf(producer.prepare('T', 'a'))).toBe('NO_PERMISSION')
    expect(await scene.codeOf(scene.broker.send({ topic: 'T' }))).toBe('SUCCESS')
  },

  async endTransactionPoolQueueCapacity() {
    const { scene, producer } = await withProducer()
    const halves = [
      await producer.prepare('T', 'a'),
      await producer.prepare('T', 'b'),
      await producer.prepare('T', 'c'),
    ]
    await scene.change({ endTransactionPoolQueueCapacity: '1' })
    const codes = await Promise.all(halves.map((half) => producer.end(half, 'rollback')))
    expect(codes.toSorted()).toEqual(['SUCCESS', 'SYSTEM_BUSY', 'SYSTEM_BUSY'])
  },

  async enableMixedMessageType() {
    const { scene } = await withProducer()
    const make = (topic: string) => scene.codeOf(makeTyped(scene, topic, 'MIXED'))
    expect(await make('Mixed')).toBe('INVALID_PARAMETER')
    await scene.change({ enableMixedMessageType: 'true' })
    expect(await make('Mixed')).toBe('SUCCESS')
    await scene.change({ enableMixedMessageType: 'false' })
    // One that is there may be changed as it is.
    expect(await make('Mixed')).toBe('SUCCESS')
    expect(await make('Mixed2')).toBe('INVALID_PARAMETER')
  },

  async enableTopicMessageTypeCheck() {
    const { scene } = await withProducer()
    await makeTyped(scene, 'Ordered', 'FIFO')
    const send = (topic: string, properties = {}) => scene.codeOf(scene.broker.send({ topic, properties }))
    expect(await send('Ordered')).toBe('SUCCESS')
    await scene.change({ enableTopicMessageTypeCheck: 'true' })
    expect(await send('Ordered')).toBe('MESSAGE_ILLEGAL')
    expect(await send('Ordered', { __SHARDINGKEY: 'k' })).toBe('SUCCESS')
    expect(await send('T', { __SHARDINGKEY: 'k' })).toBe('MESSAGE_ILLEGAL')
    expect(await send('T')).toBe('SUCCESS')
    const batch = (topic: string, properties = {}) => scene.codeOf(scene.broker.sendBatch([{ topic, properties }]))
    expect(await batch('Ordered')).toBe('MESSAGE_ILLEGAL')
    expect(await batch('Ordered', { __SHARDINGKEY: 'k' })).toBe('SUCCESS')
    expect(await send('New', { DELAY: '1' })).toBe('MESSAGE_ILLEGAL')
    expect((await scene.broker.topics()).topicConfigTable.has('New')).toBe(false)
  },

  async brokerTraceEnable() {
    const { scene, producer } = await withProducer({ traceTopicEnable: 'true' })
    const tracesOf = async () => {
      await producer.prepare('T', 'a')
      await scene.cluster.sleep(6000)
      return (await scene.broker.readQueue('RMQ_SYS_TRACE_TOPIC')).length
    }
    expect(await tracesOf()).toBe(0)
    await scene.change({ brokerTraceEnable: 'true' })
    expect(await tracesOf()).toBe(1)
  },

  async idempotentProducerSilence() {
    const scene = await Scene.start({ idempotentProducerEnable: 'true' })
    await scene.broker.createTopic('T', 1)
    const numbered = { topic: 'T', properties: { __PRODUCER_ID: 'p', __PRODUCER_SEQUENCE: '7' } }
    await scene.broker.send(numbered)
    await scene.cluster.sleep(600_000)
    expect((await scene.broker.send(numbered)).queueOffset).toBe(0)
    await scene.change({ idempotentProducerSilence: '1000' })
    await scene.cluster.sleep(2000)
    expect((await scene.broker.send(numbered)).queueOffset).toBe(1)
  },
}
