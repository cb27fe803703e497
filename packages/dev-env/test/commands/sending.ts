import { commands, lockBatchRequestBody, parseOffsetMessageId } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { bodiesOf, codeOf, type Promises, type Scene, withSettings } from './scene.ts'

const sendHeader = (topic: string, queueId = 0) => ({
  producerGroup: 'producers',
  topic,
  defaultTopic: 'TBW102',
  defaultTopicQueueNums: 4,
  queueId,
  sysFlag: 0,
  bornTimestamp: 1_700_000_000_000,
  flag: 0,
})

const aBody = Buffer.from('a')

/** Sends three messages to a queue, by one version of the command or the other. */
async function isToldWhereItStands({ broker, machine }: Scene, version: 1 | 2): Promise<void> {
  await broker.createTopic('T', 2)
  for (const body of ['a', 'b', 'c']) {
    const { queueId, queueOffset, messageIds } = await broker.send(
      { topic: 'T', queueId: 1, body, properties: { TAGS: 'x', UNIQ_KEY: body } },
      version,
    )
    const [message] = (await broker.pull({ topic: 'T', queueId: 1, offset: queueOffset })).messages
    expect(String(message!.body)).toBe(body)
    expect({ queueId, queueOffset }).toEqual({ queueId: 1, queueOffset: 'abc'.indexOf(body) })
    expect(message!.properties.get('TAGS')).toBe('x')
    const { host, port, physicalOffset } = parseOffsetMessageId(messageIds[0]!)
    expect(physicalOffset).toBe(message!.physicalOffset)
    expect(`${host}:${port}`).toBe(machine.address)
  }
}

export const sending = {
  sendMessage: {
    'a message stands where its sender is told': (scene) => isToldWhereItStands(scene, 1),
    'a queue that the topic does not have is refused': async ({ broker }) => {
      await broker.createTopic('T', 2)
      expect(await codeOf(broker, commands.sendMessage, sendHeader('T', 1), aBody)).toBe('SUCCESS')
      expect(await codeOf(broker, commands.sendMessage, sendHeader('T', 2), aBody)).toBe('INVALID_PARAMETER')
    },
  },
  sendMessageV2: {
    'a message stands where its sender is told': (scene) => isToldWhereItStands(scene, 2),
    'a topic that is sent to is made like the default topic': async ({ broker }) => {
      await broker.send({ topic: 'Made', queueId: 3, body: 'a' })
      const config = (await broker.topics()).topicConfigTable.get('Made')
      expect(config).toMatchObject({ readQueueNums: 4, writeQueueNums: 4, perm: 6, topicSysFlag: 0 })
    },
    'no topic is made where that is off': withSettings({ autoCreateTopicEnable: 'false' }, async ({ broker }) => {
      expect(await codeOf(broker, commands.sendMessageV2, sendHeader('Made'), aBody)).toBe('TOPIC_NOT_EXIST')
      expect((await broker.topics()).topicConfigTable.has('Made')).toBe(false)
    }),
    'a body one byte too long is refused': withSettings({ maxMessageSize: '10' }, async ({ broker }) => {
      const sent = (length: number) => codeOf(broker, commands.sendMessageV2, sendHeader('T'), Buffer.alloc(length))
      expect([await sent(10), await sent(11)]).toEqual(['SUCCESS', 'MESSAGE_ILLEGAL'])
    }),
    'a topic of the system takes no messages of users': async ({ broker }) => {
      expect(await codeOf(broker, commands.sendMessageV2, sendHeader('SCHEDULE_TOPIC_XXXX'), aBody)).toBe(
        'NO_PERMISSION',
      )
    },
    'a message with a priority stands in the queue of that, whatever queue it was sent to': async ({ broker }) => {
      await broker.createTopic('T', 3, 6, '+message.type=PRIORITY')
      for (const [priority, queueId] of [
        [0, 0],
        [1, 1],
        [2, 2],
        [9, 2],
      ] as const) {
        const properties = { _SYS_MSG_PRIORITY_: String(priority) }
        const answer = await broker.send({ topic: 'T', queueId: 1, body: `${priority}`, properties })
        expect(answer.queueId).toBe(queueId)
      }
      expect(bodiesOf(await broker.readQueue('T', 2))).toEqual(['2', '9'])
    },
    'what a group that consumes in order gives up is not delivered again, but a dead letter': async (scene) => {
      const { broker, cluster } = scene
      await scene.join('g', 'T', scene.client)
      const queue = { topic: 'T', brokerName: 'broker-1', queueId: 0 }
      const lock = { consumerGroup: 'g', clientId: scene.client.id, onlyThisBroker: false, mqSet: [queue] }
      await broker.ask(commands.lockBatchMq, {}, lockBatchRequestBody.encode(lock))
      const giveUp = (body: string) => broker.send({ topic: '%RETRY%g', body, properties: { DELAY: '1' } })
      await giveUp('given up')
      expect(await scene.bodiesIn('%DLQ%g')).toEqual(['given up'])
      await cluster.sleep(61_000)
      await giveUp('once more')
      await cluster.sleep(2000)
      expect([await scene.bodiesIn('%RETRY%g'), await scene.bodiesIn('%DLQ%g')]).toEqual([['once more'], ['given up']])
    },
    'a delayed message comes after the time of its level': async (scene) => {
      await scene.store('T')
      await scene.broker.send({ topic: 'T', body: 'later', properties: { DELAY: '2' } })
      await scene.cluster.sleep(4900)
      expect(await scene.bodiesIn('T')).toEqual([])
      await scene.cluster.sleep(500)
      expect(await scene.bodiesIn('T')).toEqual(['later'])
    },
  },
  sendBatchMessage: {
    'messages of a batch stand one after the other, each with an id': async ({ broker }) => {
      await broker.createTopic('T', 2)
      const sent = await broker.sendBatch(
        ['a', 'b', 'c'].map((body) => ({ topic: 'T', queueId: 1, body, properties: { KEYS: body } })),
      )
      const messages = await broker.readQueue('T', 1)
      expect(messages.map(({ body, properties }) => [String(body), properties.get('KEYS')])).toEqual([
        ['a', 'a'],
        ['b', 'b'],
        ['c', 'c'],
      ])
      expect(sent).toMatchObject({ queueId: 1, queueOffset: 0 })
      expect(sent.messageIds.map((id) => parseOffsetMessageId(id).physicalOffset)).toEqual(
        messages.map(({ physicalOffset }) => physicalOffset),
      )
    },
    'a batch with a delayed message is refused as a whole': async (scene) => {
      await scene.store('T')
      const batch = [
        { topic: 'T', body: 'a' },
        { topic: 'T', body: 'b', properties: { DELAY: '1' } },
      ]
      await expect(scene.broker.sendBatch(batch)).rejects.toMatchObject({ code: 13 })
      await scene.cluster.sleep(2000)
      expect(await scene.bodiesIn('T')).toEqual([])
    },
    'a batch to a retry topic is refused': async ({ broker }) => {
      await broker.heartbeat([{ group: 'g', topics: { T: '*' } }])
      await expect(broker.sendBatch([{ topic: '%RETRY%g', body: 'a' }])).rejects.toMatchObject({ code: 13 })
    },
  },
} satisfies Promises
