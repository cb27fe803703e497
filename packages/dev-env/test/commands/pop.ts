import { formatPopReceipt } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { PopConsumer, type PoppedMessage } from '../../src/index.ts'
import { bodiesOf, type Promises, type Scene, withSettings } from './scene.ts'

function consumerOf(scene: Scene, group = 'g', topic = 'T'): PopConsumer {
  return new PopConsumer(scene.client.broker(scene.machine), scene.machine.name, group, topic)
}

/** Bodies that a group is given, in whatever order, by requests until there is nothing. */
async function allBodies(consumer: PopConsumer, fields: Parameters<PopConsumer['pop']>[0] = {}): Promise<string[]> {
  const bodies: string[] = []
  for (;;) {
    const { messages } = await consumer.pop({ maxMsgNums: 32, ...fields })
    if (messages.length === 0) return bodies.sort()
    bodies.push(...bodiesOf(messages))
  }
}

async function givenOne(scene: Scene, fields: Parameters<PopConsumer['pop']>[0] = {}) {
  await scene.store('T', 'a', 'b')
  const consumer = consumerOf(scene)
  const { messages } = await consumer.pop(fields)
  return { consumer, message: messages[0]! }
}

export const pop = {
  popMessage: {
    'a message is given to one member of a group, and to other groups': async (scene) => {
      await scene.broker.createTopic('T', 4)
      for (let queueId = 0; queueId < 4; queueId++) await scene.broker.send({ topic: 'T', queueId, body: `${queueId}` })
      const consumer = consumerOf(scene)
      const first = await consumer.pop({ maxMsgNums: 3 })
      expect(first.messages).toHaveLength(3)
      expect(first.header.restNum).toBe(1)
      const second = await consumer.pop({ maxMsgNums: 3 })
      expect(bodiesOf([...first.messages, ...second.messages]).sort()).toEqual(['0', '1', '2', '3'])
      expect((await consumer.pop()).code).toBe('POLLING_TIMEOUT')
      expect(await allBodies(consumerOf(scene, 'other'))).toEqual(['0', '1', '2', '3'])
    },
    'one queue is read when it is named': async (scene) => {
      await scene.broker.createTopic('T', 2)
      for (const queueId of [0, 1]) await scene.broker.send({ topic: 'T', queueId, body: `${queueId}` })
      expect(await allBodies(consumerOf(scene), { queueId: 1 })).toEqual(['1'])
      expect((await consumerOf(scene).pop({ queueId: 2 })).code).toBe('INVALID_PARAMETER')
    },
    'what is not acknowledged comes again when its time is over, counted, and not before': async (scene) => {
      const { consumer, message } = await givenOne(scene, { invisibleTime: 5000 })
      expect(message.reconsumeTimes).toBe(0)
      expect(await allBodies(consumer, { invisibleTime: 60_000 })).toEqual(['b'])
      await scene.cluster.sleep(4500)
      expect(await allBodies(consumer)).toEqual([])
      await scene.cluster.sleep(1000)
      const { messages } = await consumer.pop()
      expect(bodiesOf(messages)).toEqual(['a'])
      expect(messages[0]).toMatchObject({ topic: 'T', reconsumeTimes: 1 })
      expect(messages[0]!.properties.get('1ST_POP_TIME')).toBe(String(message.receipt.popTime))
      expect(await consumer.ack(messages[0]!)).toBe('SUCCESS')
    },
    'it comes again as often as it is not acknowledged': async (scene) => {
      const { consumer } = await givenOne(scene, { invisibleTime: 2000, maxMsgNums: 32 })
      for (let times = 1; times < 4; times++) {
        await scene.cluster.sleep(3000)
        const { messages } = await consumer.pop({ invisibleTime: 2000, maxMsgNums: 32 })
        expect(messages.map(({ reconsumeTimes }) => reconsumeTimes)).toEqual([times, times])
      }
    },
    'a request waits for messages of any queue, and of the retry topic': async (scene) => {
      await scene.broker.createTopic('T', 4)
      const consumer = consumerOf(scene)
      const startMs = scene.cluster.simulation.monotonic()
      const waiting = consumer.pop({ pollTime: 10_000, invisibleTime: 3000 })
      await scene.cluster.sleep(1000)
      await scene.broker.send({ topic: 'T', queueId: 3, body: 'a' })
      expect(bodiesOf((await waiting).messages)).toEqual(['a'])
      expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(1100)
      const again = await consumer.pop({ pollTime: 10_000 })
      expect(bodiesOf(again.messages)).toEqual(['a'])
      const waitedMs = scene.cluster.simulation.monotonic() - startMs
      expect(waitedMs).toBeGreaterThan(4000)
      expect(waitedMs).toBeLessThan(4200)
    },
    'messages go to those who wait longest, each to one': async (scene) => {
      await scene.store('T')
      const waiting = [1, 2, 3].map(() => consumerOf(scene).pop({ pollTime: 5000 }))
      await scene.cluster.sleep(100)
      await scene.broker.send({ topic: 'T', body: 'a' })
      await scene.broker.send({ topic: 'T', body: 'b' })
      const bodies = (await Promise.all(waiting)).map(({ messages }) => bodiesOf(messages))
      expect(bodies).toEqual([['a'], ['b'], []])
    },
    'a group that is new begins with the first message or the last one': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      expect(await allBodies(consumerOf(scene, 'first'), { initMode: 0 })).toEqual(['a', 'b', 'c'])
      // Of a young queue all is there: nothing is passed by.
      expect(await allBodies(consumerOf(scene, 'last'), { initMode: 1 })).toEqual(['a', 'b', 'c'])
    },
    'messages are chosen by tags and by SQL92': withSettings({ enablePropertyFilter: 'true' }, async (scene) => {
      await scene.store('T')
      for (const [body, TAGS, n] of [
        ['a', 'A', '1'],
        ['b', 'B', '2'],
        ['c', 'A', '3'],
      ] as const) {
        await scene.broker.send({ topic: 'T', body, properties: { TAGS, n } })
      }
      expect(await allBodies(consumerOf(scene, 'tags'), { exp: 'A', expType: 'TAG' })).toEqual(['a', 'c'])
      expect(await allBodies(consumerOf(scene, 'sql'), { exp: 'n > 1', expType: 'SQL92' })).toEqual(['b', 'c'])
      expect((await consumerOf(scene).pop({ exp: 'n >', expType: 'SQL92' })).code).toBe('SUBSCRIPTION_PARSE_FAILED')
    }),
    'what is no such request is refused': async (scene) => {
      await scene.store('T', 'a')
      const consumer = consumerOf(scene)
      const illegal = [{ maxMsgNums: 33 }, { maxMsgNums: 0 }, { initMode: 2 }, { invisibleTime: 0 }]
      for (const fields of [...illegal, { invisibleTime: 259_200_001 }]) {
        expect((await consumer.pop(fields)).code).toBe('INVALID_PARAMETER')
      }
      expect((await consumerOf(scene, 'g', 'none').pop()).code).toBe('TOPIC_NOT_EXIST')
      expect(await allBodies(consumer)).toEqual(['a'])
    },
    'what a group was given and did not acknowledge is limited, and the refusal names the setting': withSettings(
      { popCkMaxBufferSize: '2' },
      async (scene) => {
        await scene.store('T', 'a', 'b', 'c')
        const consumer = consumerOf(scene)
        const [first] = (await consumer.pop()).messages
        await consumer.pop()
        const refused = await consumer.pop()
        expect(refused.code).toBe('POLLING_FULL')
        expect(refused.remark).toContain('popCkMaxBufferSize')
        await consumer.ack(first!)
        expect(bodiesOf((await consumer.pop()).messages)).toEqual(['c'])
      },
    ),
  },
  ackMessage: {
    'what is acknowledged never comes again': async (scene) => {
      const { consumer, message } = await givenOne(scene, { invisibleTime: 3000 })
      expect(await consumer.ack(message)).toBe('SUCCESS')
      expect(await consumer.ack(message)).toBe('SUCCESS')
      await scene.cluster.sleep(8000)
      expect(await allBodies(consumer)).toEqual(['b'])
    },
    'one message of several is acknowledged': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      const consumer = consumerOf(scene)
      const { messages } = await consumer.pop({ maxMsgNums: 3, invisibleTime: 3000 })
      await consumer.ack(messages[1]!)
      await scene.cluster.sleep(4000)
      expect(await allBodies(consumer)).toEqual(['a', 'c'])
    },
    'a receipt is good after the broker was killed': async (scene) => {
      const { message } = await givenOne(scene, { invisibleTime: 30_000 })
      scene.machine.kill()
      await scene.machine.start()
      const consumer = new PopConsumer(scene.newClient().broker(scene.machine), scene.machine.name, 'g', 'T')
      expect(await consumer.ack(message)).toBe('SUCCESS')
      await scene.cluster.sleep(40_000)
      const came = (await consumer.pop({ maxMsgNums: 32 })).messages.filter(({ reconsumeTimes }) => reconsumeTimes > 0)
      expect(bodiesOf(came)).toEqual([])
    },
    'a receipt that has expired is refused: the message comes again': async (scene) => {
      const { consumer, message } = await givenOne(scene, { invisibleTime: 2000 })
      await scene.cluster.sleep(3000)
      expect(await consumer.ack(message)).toBe('NO_MESSAGE')
      expect(await allBodies(consumer)).toEqual(['a', 'b'])
    },
    'what is no receipt of this message changes nothing': async (scene) => {
      const { consumer, message } = await givenOne(scene, { invisibleTime: 3000 })
      const { receipt } = message
      const forged = (changes: Partial<PoppedMessage['receipt']>) =>
        consumer.ack(message, { extraInfo: formatPopReceipt({ ...receipt, ...changes }) })
      const refused = async (answer: Promise<string | undefined>) => expect(await answer).not.toBe('SUCCESS')
      for (const extraInfo of ['', ' ', 'x', '0 0 0', '-1 -1 -1 -1 0 b -1', `${'9'.repeat(400)} 1 1 1 0 b 0`]) {
        await refused(consumer.ack(message, { extraInfo }))
      }
      await refused(forged({ popTime: receipt.popTime + 1 }))
      await refused(forged({ startOffset: 1 }))
      await refused(forged({ startOffset: Number.MAX_SAFE_INTEGER }))
      await refused(forged({ reviveQueueId: 8 }))
      await refused(forged({ brokerName: 'another' }))
      await refused(forged({ queueId: 1 }))
      await refused(consumer.ack(message, { offset: -1 }))
      await refused(consumer.ack(message, { offset: 2 }))
      await refused(consumer.ack(message, { offset: 1, extraInfo: formatPopReceipt({ ...receipt, queueOffset: 1 }) }))
      await refused(consumer.ack(message, { consumerGroup: 'other' }))
      await refused(consumer.ack(message, { topic: 'none' }))
      await scene.cluster.sleep(4000)
      expect(await allBodies(consumer)).toEqual(['a', 'b'])
      expect(await allBodies(consumerOf(scene, 'other'))).toEqual(['a', 'b'])
    },
  },
  batchAckMessage: {
    'messages of several receipts never come again': async (scene) => {
      await scene.store('T', 'a', 'b', 'c', 'd')
      const consumer = consumerOf(scene)
      const first = (await consumer.pop({ maxMsgNums: 2, invisibleTime: 2000 })).messages
      const second = (await consumer.pop({ maxMsgNums: 2, invisibleTime: 2000 })).messages
      expect(await consumer.ackAll([first[1]!, ...second])).toBe('SUCCESS')
      await scene.cluster.sleep(4000)
      expect(await allBodies(consumer)).toEqual(['a'])
    },
    'what is acknowledged is so though another receipt is refused, and the answer says that one is': async (scene) => {
      await scene.store('T', 'a', 'b')
      const consumer = consumerOf(scene)
      const { messages } = await consumer.pop({ maxMsgNums: 2, invisibleTime: 2000 })
      const [a, b] = messages
      const forged = { ...b!, receipt: { ...b!.receipt, popTime: b!.receipt.popTime + 1 } }
      expect(await consumer.ackAll([a!, forged])).toBe('MESSAGE_ILLEGAL')
      await scene.cluster.sleep(3000)
      expect(await allBodies(consumer)).toEqual(['b'])
    },
    'what names no messages of a queue is refused': async (scene) => {
      const { consumer, message } = await givenOne(scene)
      expect(await consumer.ackAll([])).toBe('NO_MESSAGE')
      const whole = Buffer.alloc(5, 0xff).toString('base64')
      for (const fields of [
        { q: -1 },
        { q: 1 },
        { so: -1 },
        { r: '3' },
        { rq: 8 },
        { b: whole },
        { b: '' },
        { t: 'none' },
      ]) {
        expect(await consumer.ackAll([message], fields)).not.toBe('SUCCESS')
      }
      expect(await consumer.ackAll([message])).toBe('SUCCESS')
    },
  },
  changeMessageInvisibletime: {
    'a message stays away longer, or comes sooner': async (scene) => {
      await scene.store('T', 'a', 'b')
      const consumer = consumerOf(scene)
      const { messages } = await consumer.pop({ maxMsgNums: 2, invisibleTime: 5000 })
      await consumer.changeInvisible(messages[0]!, 12_000)
      await consumer.changeInvisible(messages[1]!, 0)
      await scene.cluster.sleep(1500)
      expect(await allBodies(consumer, { invisibleTime: 60_000 })).toEqual(['b'])
      await scene.cluster.sleep(8000)
      expect(await allBodies(consumer)).toEqual([])
      await scene.cluster.sleep(4000)
      expect(await allBodies(consumer)).toEqual(['a'])
    },
    'the receipt that the message came with ends, and the new one acknowledges it': async (scene) => {
      const { consumer, message } = await givenOne(scene, { invisibleTime: 3000 })
      const changed = (await consumer.changeInvisible(message, 3000))!
      expect(await consumer.changeInvisible(message, 3000)).toBeUndefined()
      expect(await consumer.ack(changed)).toBe('SUCCESS')
      await scene.cluster.sleep(8000)
      expect(await allBodies(consumer)).toEqual(['b'])
    },
    'a delivery that was suspended does not count': async (scene) => {
      const { consumer, message } = await givenOne(scene)
      await consumer.changeInvisible(message, 1000, { suspend: true })
      await scene.cluster.sleep(2000)
      const { messages } = await consumer.pop({ maxMsgNums: 32 })
      expect(messages.map(({ reconsumeTimes }) => reconsumeTimes)).toEqual([0, 0])
    },
    'what is no receipt of this message, or a negative time, is refused': async (scene) => {
      const { consumer, message } = await givenOne(scene)
      expect(await consumer.changeInvisible(message, -1)).toBeUndefined()
      expect(await consumer.changeInvisible(message, 1000, { extraInfo: 'x' })).toBeUndefined()
      expect(await consumer.changeInvisible(message, 1000, { consumerGroup: 'other' })).toBeUndefined()
      expect(await consumer.changeInvisible(message, 259_200_001)).toBeUndefined()
      expect(await consumer.ack(message)).toBe('SUCCESS')
    },
  },
} satisfies Promises
