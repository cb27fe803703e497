import {
  commands,
  consumerOffsetsBody,
  queryAssignmentRequestBody,
  queryAssignmentResponseBody,
  responseCodeName,
} from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { type BrokerCalls, PopConsumer } from '../src/index.ts'
import { bodiesOf, Scene } from './commands/scene.ts'

const withLightQueues = { brokerSettings: { enableLmq: 'true' } }

const send = (broker: BrokerCalls, body: string, ...names: string[]) =>
  broker.send({ topic: 'T', body, properties: { INNER_MULTI_DISPATCH: names.join(',') } })

async function start(brokerSettings: Record<string, string> = {}): Promise<Scene> {
  const scene = await Scene.start({ brokerSettings: { ...withLightQueues.brokerSettings, ...brokerSettings } })
  await scene.broker.createTopic('T', 2)
  await scene.join('g', 'T', scene.client)
  return scene
}

async function codeOfSend(broker: BrokerCalls, body: string, ...names: string[]): Promise<string | undefined> {
  return send(broker, body, ...names).then(
    () => 'SUCCESS',
    (error: { code: number }) => responseCodeName(error.code),
  )
}

describe('light queues', () => {
  test('are pulled like topics, wake who waits, and tell where they begin and end', async () => {
    const scene = await start()
    await send(scene.broker, 'a', '%LMQ%1', '%LMQ%2')
    const waiting = scene.broker.pull({ topic: '%LMQ%2', group: '%LMQ%2', offset: 1, waitMs: 5000 })
    await scene.cluster.sleep(100)
    await send(scene.broker, 'b', '%LMQ%2')
    expect(bodiesOf((await waiting).messages)).toEqual(['b'])
    expect(await scene.bodiesIn('%LMQ%1')).toEqual(['a'])
    expect(await scene.bodiesIn('%LMQ%2')).toEqual(['a', 'b'])
    expect(await scene.broker.maxOffset('%LMQ%2')).toBe(2)
    expect((await scene.broker.ask(commands.getMinOffset, { topic: '%LMQ%2', queueId: 0 })).header.offset).toBe(0)
    expect([...(await scene.broker.topics()).topicConfigTable.keys()].filter((name) => name.includes('LMQ'))).toEqual(
      [],
    )
  })

  test('keep the offsets of their groups over a restart and a kill, in the file of official brokers', async () => {
    const scene = await start()
    for (const body of ['a', 'b', 'c']) await send(scene.broker, body, '%LMQ%1')
    await scene.broker.commitOffset('%LMQ%c@1', '%LMQ%1', 0, 2)
    await scene.broker.commitOffset('g', 'T', 0, 1)
    const again = await scene.restart()
    expect(await again.committedOffset('%LMQ%c@1', '%LMQ%1', 0)).toBe(2)
    expect(await again.committedOffset('g', 'T', 0)).toBe(1)
    const text = String(scene.machine.disk.readFile('/data/store/config/lmqConsumerOffset.json'))
    const { lmqOffsetTable, offsetTable } = consumerOffsetsBody.parse(text)
    expect(lmqOffsetTable).toEqual(new Map([['%LMQ%1@%LMQ%c@1', 2]]))
    expect(offsetTable).toEqual(new Map([['T@g', new Map([[0, 1]])]]))
    await again.commitOffset('%LMQ%c@1', '%LMQ%1', 0, 3)
    await scene.cluster.sleep(6000)
    scene.machine.kill()
    await scene.machine.start()
    expect(await scene.newClient().broker(scene.machine).committedOffset('%LMQ%c@1', '%LMQ%1', 0)).toBe(3)
  })

  test('switched off and on again lose no offset of an ordinary group', async () => {
    const scene = await start()
    for (const body of ['a', 'b']) await send(scene.broker, body, '%LMQ%1')
    await scene.broker.commitOffset('%LMQ%1', '%LMQ%1', 0, 1)
    await scene.broker.commitOffset('g', 'T', 0, 1)
    const switched = async (enableLmq: string): Promise<BrokerCalls> => {
      await scene.newClient().broker(scene.machine).changeSettings({ enableLmq })
      return scene.restart()
    }
    const without = await switched('false')
    expect(await without.committedOffset('g', 'T', 0)).toBe(1)
    await without.commitOffset('g', 'T', 0, 2)
    const withAgain = await switched('true')
    expect(await withAgain.committedOffset('g', 'T', 0)).toBe(2)
    expect(await withAgain.committedOffset('%LMQ%1', '%LMQ%1', 0)).toBe(1)
  })

  test('are filled by what is due after a delay, and not by what waits', async () => {
    const scene = await start()
    const properties = { INNER_MULTI_DISPATCH: '%LMQ%1', DELAY: '1' }
    await scene.broker.send({ topic: 'T', body: 'late', properties })
    expect(await scene.broker.maxOffset('%LMQ%1')).toBe(0)
    await scene.cluster.sleep(3000)
    expect(await scene.bodiesIn('%LMQ%1')).toEqual(['late'])
  })

  test('are consumed by POP, each message once for a group, and again when it is not acknowledged', async () => {
    const scene = await start()
    await scene.broker.send({ topic: 'T', body: 'elsewhere' })
    for (const body of ['a', 'b']) await send(scene.broker, body, '%LMQ%1')
    const consumer = new PopConsumer(scene.broker, scene.machine.name, 'g', '%LMQ%1')
    const { messages } = await consumer.pop({ maxMsgNums: 32, invisibleTime: 2000 })
    expect(bodiesOf(messages)).toEqual(['a', 'b'])
    expect((await consumer.pop()).messages).toEqual([])
  })

  test('that are too many are refused with the setting, live', async () => {
    const scene = await start({ enableLmqQuota: 'true', maxLmqConsumeQueueNum: '1' })
    await send(scene.broker, 'a', '%LMQ%1')
    expect(await codeOfSend(scene.broker, 'b', '%LMQ%2')).toBe('LMQ_QUOTA_EXCEEDED')
    await scene.broker.changeSettings({ maxLmqConsumeQueueNum: '2' })
    expect(await codeOfSend(scene.broker, 'b', '%LMQ%2')).toBe('SUCCESS')
    expect(await codeOfSend(scene.broker, 'c', 'no light queue')).toBe('MESSAGE_ILLEGAL')
  })

  test('are not sent to, and are no topics to administer', async () => {
    const scene = await start()
    const direct = await scene.broker.send({ topic: '%LMQ%1', body: 'x' }).catch(({ code }) => responseCodeName(code))
    expect(direct).toBe('INVALID_PARAMETER')
    await expect(scene.broker.createTopic('%LMQ%1')).rejects.toThrow(/light queue/)
    await send(scene.broker, 'a', '%LMQ%1')
    await scene.broker.ask(commands.cleanUnusedTopic, {})
    expect(await scene.bodiesIn('%LMQ%1')).toEqual(['a'])
  })

  test('have one queue, on this broker, whoever asks what to consume', async () => {
    const scene = await start()
    await scene.join('g', '%LMQ%1', scene.client)
    const request = queryAssignmentRequestBody.encode({
      topic: '%LMQ%1',
      consumerGroup: 'g',
      clientId: scene.client.id,
      messageModel: 'CLUSTERING',
      strategyName: 'AVG',
    })
    const { body } = await scene.broker.ask(commands.queryAssignment, {}, request)
    expect(queryAssignmentResponseBody.decode(body).messageQueueAssignments).toMatchObject([
      { messageQueue: { topic: '%LMQ%1', brokerName: scene.machine.name, queueId: 0 } },
    ])
  })
})
