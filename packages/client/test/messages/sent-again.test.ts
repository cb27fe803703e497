import { describe, expect, test } from 'vitest'
import { type Message, Producer, Reader, type ReceivedMessage } from '../../src/index.ts'
import { type Scene, startScene } from '../client-kit.ts'

async function readOne(scene: Scene, topic: string): Promise<ReceivedMessage> {
  const reader = new Reader({ ...scene.client(), topic, to: 'latest' })
  const messages: ReceivedMessage[] = []
  const reading = (async () => {
    for await (const message of reader) messages.push(message)
  })()
  await scene.settle(reading)
  await scene.settle(reader.close())
  expect(messages).toHaveLength(1)
  return messages[0]!
}

async function sendOne(scene: Scene, message: Message) {
  const producer = new Producer({ ...scene.client(), group: 'shop' })
  const receipt = await scene.settle(producer.send(message))
  await scene.settle(producer.close())
  return receipt
}

describe('a message that was received', () => {
  test('may be sent again, with what its producer set and an id of its own, to any queue', async () => {
    const scene = await startScene()
    await scene.createTopic('from', 4)
    await scene.createTopic('to', 1)
    const given = { body: 'a', tag: 't', keys: ['k1', 'k2'], shardingKey: 's', flag: 3, properties: { colour: 'blue' } }
    await sendOne(scene, { topic: 'from', ...given, queue: { topic: 'from', broker: 'broker-1', queueId: 3 } })
    const received = await readOne(scene, 'from')
    expect(received.queue.queueId).toBe(3)
    const receipt = await sendOne(scene, { ...received, shardingKey: undefined, topic: 'to' })
    const again = await readOne(scene, 'to')
    expect(again.queue).toMatchObject({ topic: 'to', queueId: 0 })
    expect(again.messageId).toBe(receipt.messageId)
    expect(again.messageId).not.toBe(received.messageId)
    const { tag, keys, properties, flag, body } = again
    expect({ tag, keys, properties, flag, body: String(body) }).toEqual({
      tag: 't',
      keys: ['k1', 'k2'],
      properties: { colour: 'blue' },
      flag: 3,
      body: 'a',
    })
  })

  test('is sent again with its priority', async () => {
    const scene = await startScene()
    await scene.createTopic('from', 4)
    await scene.createTopic('to', 4)
    await sendOne(scene, { topic: 'from', body: 'a', priority: 2 })
    const received = await readOne(scene, 'from')
    expect(received.priority).toBe(2)
    expect((await sendOne(scene, { ...received, topic: 'to' })).queue.queueId).toBe(2)
  })

  test('is sent again to a queue that is given', async () => {
    const scene = await startScene()
    await scene.createTopic('from', 1)
    await scene.createTopic('to', 4)
    await sendOne(scene, { topic: 'from', body: 'a' })
    const received = await readOne(scene, 'from')
    const queue = { topic: 'to', broker: 'broker-1', queueId: 2 }
    expect((await sendOne(scene, { ...received, topic: 'to', queue })).queue).toEqual(queue)
    // Without the rest of the message, the place of one is a choice like any other.
    const beside = await sendOne(scene, { topic: 'to', body: 'b', queue: (await readOne(scene, 'from')).queue })
    expect(beside.queue.queueId).toBe(0)
  })

  test('keeps a property of any name', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const properties = JSON.parse('{ "__proto__": "a", "constructor": "b", "toString": "c" }')
    await sendOne(scene, { topic: 'T', body: 'a', properties })
    const received = await readOne(scene, 'T')
    expect(Object.entries(received.properties).sort()).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', 'c'],
    ])
  })

  test('has its priority, and stood in the queue of that priority', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 4)
    const places: number[] = []
    for (const priority of [0, 2, 9]) {
      const { queue } = await sendOne(scene, { topic: 'T', body: 'a', priority, properties: { given: `${priority}` } })
      places.push(queue.queueId)
    }
    expect(places).toEqual([0, 2, 3])
    const [inQueueTwo] = await scene.cluster.client.broker(scene.cluster.brokers[0]!).readQueue('T', 2)
    expect(Object.fromEntries(inQueueTwo!.properties)).toMatchObject({ _SYS_MSG_PRIORITY_: '2', given: '2' })
  })
})
