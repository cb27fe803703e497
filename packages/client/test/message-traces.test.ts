import { type BrokerCalls, readMessages } from '@rocketmq-ts/dev-env'
import { describe, expect, test } from 'vitest'
import { Consumer, LiteSimpleConsumer, Producer, SimpleConsumer } from '../src/index.ts'
import { type Scene, startScene } from './client-kit.ts'
import { startLite } from './lite/lite-kit.ts'

const traceTopic = 'RMQ_SYS_TRACE_TOPIC'
const brokerSettings = { traceTopicEnable: 'true' }

/** The steps of a message, as `mqadmin queryMsgTraceById` finds them: fields of records. */
async function stepsOf(scene: Scene, id: string, topic = traceTopic): Promise<string[][]> {
  const broker: BrokerCalls = scene.cluster.newClient().broker(scene.cluster.brokers[0]!)
  const records = readMessages(await broker.findByKey(topic, id)).flatMap(({ body }) => String(body).split('\u0002'))
  const steps = records.filter((record) => record !== '').map((record) => record.split('\u0001'))
  return steps.filter((fields) => fields.includes(id))
}

describe('traces', () => {
  test('tell where a message was stored, and of each handling', async () => {
    const scene = await startScene({ brokerSettings })
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', traceTopic: true })
    let calls = 0
    const consumer = new Consumer({
      ...scene.client(),
      group: 'readers',
      topics: 'T',
      from: 'earliest',
      traceTopic: true,
      handler: () => {
        if (++calls === 1) throw new Error('not yet')
      },
    })
    await scene.settle(consumer.start())
    const { messageId, offsetMessageId } = await scene.settle(
      producer.send({ topic: 'T', body: 'hello', tag: 't', keys: ['k1', 'k2'] }),
    )
    await scene.cluster.until('it was delivered again', () => calls === 2)
    await scene.cluster.sleep(10_000)
    const steps = await stepsOf(scene, messageId)
    const stored = steps.filter(([kind]) => kind === 'Pub')
    const address = scene.cluster.brokers[0]!.address
    expect(stored.map(([, time, ...fields]) => [Number(time) > 1_600_000_000_000, ...fields])).toEqual([
      [
        true,
        'DefaultRegion',
        'shop',
        'T',
        messageId,
        't',
        'k1 k2',
        address,
        '5',
        expect.any(String),
        '0',
        offsetMessageId,
        'true',
      ],
    ])
    const begun = steps.filter(([kind]) => kind === 'SubBefore')
    expect(begun.map(([, , region, group, , id, retries, keys]) => [region, group, id, retries, keys])).toEqual([
      ['DefaultRegion', 'readers', messageId, '0', 'k1 k2'],
      ['DefaultRegion', 'readers', messageId, '1', 'k1 k2'],
    ])
    const ended = steps.filter(([kind]) => kind === 'SubAfter')
    expect(ended.map(([, request, id, , isSuccess, , code]) => [request, id, isSuccess, code])).toEqual([
      [begun[0]![4], messageId, 'false', '2'],
      [begun[1]![4], messageId, 'true', '0'],
    ])
    await scene.settle(Promise.all([producer.close(), consumer.close()]))
  })

  test('tell of each message that a program has received, and what it made of it', async () => {
    const scene = await startLite({ brokerSettings })
    await scene.createTopic('T', 1)
    const options = { ...scene.client(), group: 'readers', traceTopic: true } as const
    const simple = new SimpleConsumer({ ...options, topics: 'T', from: 'earliest' })
    const lite = new LiteSimpleConsumer({ ...options, ...scene.client(), topic: 'chat', liteTopics: ['a'] })
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const sent: string[] = []
    for (const message of [
      { topic: 'T', body: 'done' },
      { topic: 'T', body: 'dead' },
      { topic: 'T', body: 'left' },
      { topic: 'chat', liteTopic: 'a', body: 'lite' },
    ]) {
      sent.push((await scene.settle(producer.send(message))).messageId)
    }
    const [done, dead] = await scene.settle(simple.receive())
    await scene.settle(simple.ack(done!))
    await scene.settle(simple.ack(done!))
    await scene.settle(simple.deadLetter(dead!))
    const [ofLite] = await scene.settle(lite.receive())
    await scene.settle(lite.ack(ofLite!))
    // What was gathered is not lost by closing.
    await scene.settle(Promise.all([simple.close(), lite.close(), producer.close()]))
    const told = await Promise.all(sent.map(async (id) => (await stepsOf(scene, id)).map((fields) => fields)))
    const kinds = told.map((steps) =>
      steps.map(([kind, , , , isSuccess]) => (kind === 'SubAfter' ? `${kind} ${isSuccess}` : kind)),
    )
    expect(kinds).toEqual([
      ['SubBefore', 'SubAfter true'],
      ['SubBefore', 'SubAfter false'],
      ['SubBefore'],
      ['SubBefore', 'SubAfter true'],
    ])
  })

  test('tell of a transaction, and go to the topic that is given', async () => {
    const scene = await startScene({ brokerSettings })
    await scene.createTopic('T', 1)
    await scene.createTopic('steps', 1)
    const options = {
      ...scene.client(),
      group: 'shop',
      traceTopic: 'steps',
      checkTransaction: () => 'unknown' as const,
    }
    const producer = new Producer(options)
    const transaction = await scene.settle(producer.beginTransaction({ topic: 'T', body: 'a' }))
    await scene.settle(transaction.commit())
    // What was gathered is not lost by closing.
    await scene.settle(producer.close())
    const { messageId } = transaction.receipt
    const steps = await stepsOf(scene, messageId, 'steps')
    expect(
      steps.map((fields) => [fields[0], fields[4], ...(fields[0] === 'Pub' ? [fields[11]] : fields.slice(9))]),
    ).toEqual([
      ['Pub', 'T', '1'],
      ['EndTransaction', 'T', '2', messageId, 'COMMIT_MESSAGE', 'false'],
    ])
  })

  test('that cannot be stored are lost, and nothing waits for them', async () => {
    const warned: string[] = []
    const logger = { debug() {}, info() {}, warn: (_: object, text: string) => void warned.push(text), error() {} }
    const scene = await startScene({ brokerSettings: { autoCreateTopicEnable: 'false' } })
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', traceTopic: 'missing', logger })
    for (let number = 0; number < 3; number++) {
      await scene.settle(producer.send({ topic: 'T', body: 'a' }), 1000)
      await scene.cluster.sleep(20_000)
    }
    expect(warned).toEqual(['traces could not be stored: they are lost'])
    await scene.settle(producer.close(), 5000)
  })

  test('are none without being asked for, and when the broker says so', async () => {
    const scene = await startScene({ brokerSettings: { ...brokerSettings, traceOn: 'false' } })
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop', traceTopic: true })
    const { messageId } = await scene.settle(producer.send({ topic: 'T', body: 'a' }))
    await scene.settle(producer.close())
    expect(await stepsOf(scene, messageId)).toEqual([])
    const other = await startScene({ brokerSettings })
    await other.createTopic('T', 1)
    const silent = new Producer({ ...other.client(), group: 'shop' })
    const receipt = await other.settle(silent.send({ topic: 'T', body: 'a' }))
    await other.settle(silent.close())
    expect(await stepsOf(other, receipt.messageId)).toEqual([])
  })
})
