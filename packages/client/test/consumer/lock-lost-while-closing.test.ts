import { commands, lockBatchRequestBody, unlockBatchRequestBody } from '@rocketmq-ts/protocol'
import { test } from 'vitest'
import { send, startScene } from '../client-kit.ts'
import { Group } from './group-kit.ts'

test('a consumer is closed when its last handler ends, also when it loses the lock of the queue meanwhile', async () => {
  const scene = await startScene()
  await scene.createTopic('T', 1)
  const group = new Group(scene)
  let isHandled = false
  const { consumer } = await group.join('one', { topics: 'T', order: 'queue', closeTimeoutMs: 600_000 }, async () => {
    await scene.cluster.sleep(60_000)
    isHandled = true
  })
  await send(scene, 'T', ['slow'])
  await group.sees(['slow'])
  let isClosed = false
  const closing = consumer.close().then(() => {
    isClosed = true
  })
  const [machine] = scene.cluster.brokers
  const broker = scene.cluster.newClient().broker(machine!)
  const mqSet = [{ topic: 'T', brokerName: machine!.name, queueId: 0 }]
  const request = { consumerGroup: 'readers', onlyThisBroker: false, mqSet }
  await broker.ask(
    commands.unlockBatchMq,
    {},
    unlockBatchRequestBody.encode({ ...request, clientId: consumer.clientId }),
  )
  await broker.ask(commands.lockBatchMq, {}, lockBatchRequestBody.encode({ ...request, clientId: 'other' }))
  await scene.cluster.until('it is handled', () => isHandled, 120_000)
  await scene.cluster.until('it is closed', () => isClosed, 30_000)
  await scene.settle(closing)
})
