import {
  brokerStatsBody,
  commands,
  formatPopReceipt,
  messageRequestModeSettingBody,
  messageRequestModeTableBody,
  queryAssignmentRequestBody,
  queryAssignmentResponseBody,
} from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { type BrokerCalls, PopConsumer, type PoppedMessage, readMessages } from '../../src/index.ts'
import { liteAcks } from './lite.ts'
import { bodiesOf, codeOf, type Promises, readingLimits, type Scene, withSettings } from './scene.ts'

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

const givenOf = (consumer: PopConsumer) => consumer.pop({ queueId: 1, maxMsgNums: 3, invisibleTime: 10_000 })

/** Pops in order: what is given is asked for by an attempt. */
const inOrder = (attemptId: string, fields: Parameters<PopConsumer['pop']>[0] = {}) => ({
  order: true,
  attemptId,
  maxMsgNums: 2,
  ...fields,
})

function setMode({ broker }: Scene, mode: 'PULL' | 'POP', topic = 'T', consumerGroup = 'g') {
  const body = messageRequestModeSettingBody.encode({ topic, consumerGroup, mode, popShareQueueNum: 0 })
  return codeOf(broker, commands.setMessageRequestMode, {}, body)
}

const headerOf = { consumerGroup: 'g', topic: 'T', queueId: -1 }

export const pop = {
  popRollback: {
    'it succeeds, and what groups were given stays with them': async (scene) => {
      const { consumer, message } = await givenOne(scene)
      expect(await codeOf(scene.broker, commands.popRollback, {})).toBe('SUCCESS')
      expect(bodiesOf((await consumer.pop({ maxMsgNums: 32 })).messages)).toEqual(['b'])
      expect(await consumer.ack(message)).toBe('SUCCESS')
    },
  },
  popMessage: {
    'who waits is given nothing either while too much is not acknowledged': withSettings(
      { popCkMaxBufferSize: '1' },
      async (scene) => {
        await scene.store('T', 'a')
        await scene.broker.createTopic('U', 1)
        const meanwhile = async () => {
          await scene.cluster.sleep(100)
          expect((await consumerOf(scene).pop()).messages).toHaveLength(1)
          await scene.broker.send({ topic: 'U', body: 'x' })
        }
        const waiting = consumerOf(scene, 'g', 'U').pop({ pollTime: 10_000 })
        const [answer] = await Promise.all([waiting, meanwhile()])
        expect(answer).toMatchObject({ code: 'POLLING_FULL', remark: expect.stringContaining('Buffer') })
      },
    ),
    'a request whose wait is over by the clock of its client is told so, and is given nothing': async (scene) => {
      await scene.store('T', 'a')
      const consumer = consumerOf(scene)
      const nowMs = scene.client.wallMs
      for (const [pollTime, agoMs] of [
        [0, 2000],
        [5000, 8000],
        [0, nowMs + 1],
      ] as const) {
        const late = await consumer.pop({ pollTime, bornTime: nowMs - agoMs })
        expect(late).toMatchObject({ code: 'POLLING_TIMEOUT', header: { popTime: 0, restNum: 0 }, messages: [] })
        expect(late.remark).toContain('bornTime')
      }
      const { messages } = await consumer.pop({ pollTime: 5000, bornTime: nowMs - 4000 })
      expect(bodiesOf(messages)).toEqual(['a'])
    },
    'a request waits until its wait is over by the clock of its client, and no longer than it asks for': async (
      scene,
    ) => {
      await scene.store('T')
      const nowMs = scene.client.wallMs
      const waits = [
        ['2', { pollTime: 60_000, bornTime: nowMs - 58_000 }],
        ['3', { pollTime: 3000 }],
        ['4', { pollTime: 4000, bornTime: nowMs + 3_600_000 }],
      ] as const
      const ended: string[] = []
      await Promise.all(
        waits.map(([name, fields]) =>
          consumerOf(scene)
            .pop(fields)
            .then(() => ended.push(name)),
        ),
      )
      expect(ended).toEqual(['2', '3', '4'])
    },
    'who waits is refused when meanwhile it may not read any more': async (scene) => {
      await scene.store('T')
      const consumer = consumerOf(scene)
      for (const limit of readingLimits) {
        const waiting = consumer.pop({ pollTime: 10_000 })
        await scene.cluster.sleep(100)
        await limit(scene, false)
        await scene.broker.send({ topic: 'T', body: 'a' })
        expect(await waiting).toMatchObject({ code: 'NO_PERMISSION', messages: [] })
        await limit(scene, true)
        const { messages } = await consumer.pop()
        expect(bodiesOf(messages)).toEqual(['a'])
        await consumer.ack(messages[0]!)
      }
    },
    'who waits for a queue that cannot be read any more is refused': async (scene) => {
      await scene.broker.createTopic('T', 2)
      const waiting = consumerOf(scene).pop({ queueId: 1, pollTime: 10_000 })
      await scene.cluster.sleep(100)
      await scene.broker.ask(commands.updateAndCreateTopic, {
        ...{ topic: 'T', readQueueNums: 1, writeQueueNums: 2, perm: 6 },
        ...{ defaultTopic: 'TBW102', topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false, force: false },
      })
      await scene.broker.send({ topic: 'T', queueId: 1, body: 'a' })
      expect(await waiting).toMatchObject({ code: 'INVALID_PARAMETER', messages: [] })
    },
    'what was given of a queue is acknowledged though the topic has fewer queues since': async (scene) => {
      await scene.broker.createTopic('T', 2)
      for (const body of ['a', 'b', 'c']) await scene.broker.send({ topic: 'T', queueId: 1, body })
      const [one, other, ordered] = [consumerOf(scene), consumerOf(scene, 'h'), consumerOf(scene, 'i')]
      const [{ messages }, { messages: batch }] = [await givenOf(one), await givenOf(other)]
      const { messages: inTurn } = await ordered.pop(inOrder('1', { queueId: 1, invisibleTime: 10_000 }))
      await scene.broker.createTopic('T', 1)
      // What is in order is written down.
      await scene.cluster.sleep(6000)
      expect(await one.ack(messages[0]!)).toBe('SUCCESS')
      expect(await one.changeInvisible(messages[1]!, 1000)).toBeDefined()
      expect(await other.ackAll(batch)).toBe('SUCCESS')
      expect(await ordered.ack(inTurn[1]!)).toBe('SUCCESS')
      await scene.broker.createTopic('T', 2)
      await scene.cluster.sleep(20_000)
      expect(await allBodies(one)).toEqual(['b', 'c'])
      expect(await allBodies(other)).toEqual([])
      expect(bodiesOf((await ordered.pop(inOrder('2', { queueId: 1, maxMsgNums: 3 }))).messages)).toEqual(['a', 'c'])
    },
    'an expression that its type does not know is refused': withSettings(
      { enablePropertyFilter: 'true' },
      async (scene) => {
        await scene.store('T', 'a')
        for (const expType of ['SQL92', 'NONE']) {
          const { code } = await consumerOf(scene).pop({ exp: '*', expType })
          expect(code, expType).toBe('SUBSCRIPTION_PARSE_FAILED')
          expect((await consumerOf(scene, expType).pop({ exp: '', expType })).messages).toHaveLength(1)
        }
      },
    ),
    'who waits since a group has too many messages is given more as soon as it has fewer': withSettings(
      { enablePopMessageThreshold: 'true', popInflightMessageThreshold: '1' },
      async (scene) => {
        await scene.store('T', 'a', 'b', 'c', 'd', 'e')
        const consumer = consumerOf(scene)
        const { messages } = await consumer.pop({ maxMsgNums: 3, invisibleTime: 60_000 })
        const others = [consumerOf(scene), consumerOf(scene)].map((one) => one.pop({ pollTime: 10_000 }))
        const startMs = scene.cluster.simulation.monotonic()
        await scene.cluster.sleep(100)
        for (const message of messages) expect(await consumer.ack(message)).toBe('SUCCESS')
        const given = (await Promise.all(others)).flatMap((answer) => bodiesOf(answer.messages))
        expect(given.sort()).toEqual(['d', 'e'])
        expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(1000)
      },
    ),
    'who waits since a setting keeps messages back has them when it is changed': withSettings(
      { enablePopMessageThreshold: 'true', popInflightMessageThreshold: '0' },
      async (scene) => {
        await scene.store('T', 'a', 'b', 'c')
        const consumer = consumerOf(scene)
        await consumer.pop({ invisibleTime: 60_000 })
        for (const [body, change] of [
          ['b', { popInflightMessageThreshold: '1' }],
          ['c', { enablePopMessageThreshold: 'false' }],
        ] as const) {
          const waiting = consumer.pop({ pollTime: 10_000, invisibleTime: 60_000 })
          const startMs = scene.cluster.simulation.monotonic()
          await scene.cluster.sleep(100)
          await scene.broker.changeSettings(change)
          expect(bodiesOf((await waiting).messages)).toEqual([body])
          expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(1000)
        }
      },
    ),
    'in order too nothing is given while too much is not acknowledged': withSettings(
      { popCkMaxBufferSize: '1' },
      async (scene) => {
        await scene.store('T', 'a')
        await scene.store('U', 'b')
        const consumer = consumerOf(scene)
        const { messages } = await consumer.pop(inOrder('1'))
        const other = consumerOf(scene, 'g', 'U')
        expect(await other.pop(inOrder('1'))).toMatchObject({ code: 'POLLING_FULL' })
        await consumer.ack(messages[0]!)
        expect(bodiesOf((await other.pop(inOrder('1'))).messages)).toEqual(['b'])
        expect((await other.pop(inOrder('x'.repeat(256)))).code).toBe('INVALID_PARAMETER')
      },
    ),
    'in order what is acknowledged behind others does not come again, however much is given': withSettings(
      { popCkMaxBufferSize: '1' },
      async (scene) => {
        await scene.store('T', 'a', 'b')
        await scene.store('U', 'c')
        const consumer = consumerOf(scene)
        const { messages } = await consumer.pop({ ...inOrder('1'), maxMsgNums: 2, invisibleTime: 2000 })
        expect(await consumer.ack(messages[1]!)).toBe('SUCCESS')
        await scene.cluster.sleep(3000)
        const other = consumerOf(scene, 'g', 'U')
        expect(await other.pop(inOrder('2'))).toMatchObject({
          code: 'POLLING_FULL',
          remark: expect.stringContaining('popCkMaxBufferSize'),
        })
        const again = (await consumer.pop({ ...inOrder('3'), maxMsgNums: 2 })).messages
        expect(bodiesOf(again)).toEqual(['a'])
        await consumer.ack(again[0]!)
        expect(bodiesOf((await other.pop(inOrder('4'))).messages)).toEqual(['c'])
      },
    ),
    'in order nothing more is given of a queue until all is acknowledged': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      const consumer = consumerOf(scene)
      const first = await consumer.pop(inOrder('1'))
      expect(bodiesOf(first.messages)).toEqual(['a', 'b'])
      expect(first.header.reviveQid).toBe(999)
      expect((await consumer.pop(inOrder('2'))).messages).toEqual([])
      expect(await consumer.ack(first.messages[0]!)).toBe('SUCCESS')
      expect((await consumer.pop(inOrder('2'))).messages).toEqual([])
      const waiting = consumer.pop(inOrder('3', { pollTime: 5000 }))
      await scene.cluster.sleep(100)
      expect(await consumer.ack(first.messages[1]!)).toBe('SUCCESS')
      expect(bodiesOf((await waiting).messages)).toEqual(['c'])
    },
    'in order what is not acknowledged comes again in its place, counted, without what is': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      const consumer = consumerOf(scene)
      const { messages } = await consumer.pop(inOrder('1', { maxMsgNums: 3, invisibleTime: 3000 }))
      await consumer.ack(messages[1]!)
      const again = await consumer.pop(inOrder('2', { maxMsgNums: 3, pollTime: 5000 }))
      expect(bodiesOf(again.messages)).toEqual(['a', 'c'])
      expect(again.header.orderCountInfo).toBe('0 qo0%0 1;0 qo0%2 1;0 0 1')
      for (const message of again.messages) expect(await consumer.ack(message)).toBe('SUCCESS')
      expect(await scene.broker.committedOffset('g', 'T', 0)).toBe(3)
    },
    'in order an attempt whose answer was lost gets the same messages': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      const consumer = consumerOf(scene)
      await consumer.pop(inOrder('1'))
      const again = await consumer.pop(inOrder('1'))
      expect(bodiesOf(again.messages)).toEqual(['a', 'b'])
      expect(again.header.orderCountInfo).toBe('0 0 0')
    },
    'in order what is given is blocked after an orderly restart, too': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      const { messages } = await consumerOf(scene).pop(inOrder('1', { invisibleTime: 60_000 }))
      await scene.restart()
      const consumer = new PopConsumer(scene.newClient().broker(scene.machine), scene.machine.name, 'g', 'T')
      expect((await consumer.pop(inOrder('2'))).messages).toEqual([])
      for (const message of messages) expect(await consumer.ack(message)).toBe('SUCCESS')
      expect(bodiesOf((await consumer.pop(inOrder('2'))).messages)).toEqual(['c'])
    },
    'in order a forged receipt moves no offset': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      const { messages } = await consumerOf(scene).pop(inOrder('1'))
      const other = consumerOf(scene, 'other')
      expect(await other.ack(messages[1]!)).toBe('MESSAGE_ILLEGAL')
      expect(await scene.broker.committedOffset('other', 'T', 0)).not.toBe(2)
      const { receipt } = messages[1]!
      const forged = formatPopReceipt({ ...receipt, popTime: receipt.popTime + 1 })
      expect(await consumerOf(scene).ack(messages[1]!, { extraInfo: forged })).toBe('MESSAGE_ILLEGAL')
      expect(await consumerOf(scene).ack(messages[1]!, { offset: 2, extraInfo: forged })).toBe('MESSAGE_ILLEGAL')
      expect(await scene.broker.committedOffset('g', 'T', 0)).toBe(0)
    },
    'in order a group that is deleted and made anew gets all from the start': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      const consumer = consumerOf(scene)
      const { messages } = await consumer.pop(inOrder('1', { maxMsgNums: 3, invisibleTime: 60_000 }))
      await consumer.ack(messages[1]!)
      const waiting = consumer.pop(inOrder('2', { pollTime: 60_000 }))
      await scene.cluster.sleep(100)
      await scene.broker.ask(commands.deleteSubscriptiongroup, { groupName: 'g', cleanOffset: true })
      expect((await waiting).code).toBe('POLLING_TIMEOUT')
      expect(bodiesOf((await consumer.pop(inOrder('3', { maxMsgNums: 3 }))).messages)).toEqual(['a', 'b', 'c'])
    },
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
    'messages with priorities are given by them, over all queues': async (scene) => {
      await scene.broker.createTopic('T', 4, 6, '+message.type=PRIORITY')
      for (const priority of ['1', '3', '0', '2', '3']) {
        await scene.broker.send({ topic: 'T', body: priority, properties: { _SYS_MSG_PRIORITY_: priority } })
      }
      const { messages } = await consumerOf(scene).pop({ maxMsgNums: 4 })
      expect(bodiesOf(messages)).toEqual(['3', '3', '2', '1'])
    },
    'a topic that is deleted takes along what was to come again of it': async (scene) => {
      const { consumer } = await givenOne(scene, { invisibleTime: 1000 })
      await scene.cluster.sleep(2000)
      await consumer.pop({ maxMsgNums: 32, invisibleTime: 1000 })
      await scene.broker.ask(commands.deleteTopicInBroker, { topic: 'T' })
      expect(
        [...(await scene.broker.topics()).topicConfigTable.keys()].filter((name) => /^(%RETRY%g_)?T$/.test(name)),
      ).toEqual([])
      await scene.cluster.sleep(2000)
      await scene.store('T', 'new')
      expect(await allBodies(consumer)).toEqual(['new'])
    },
    'what is no such request is refused': async (scene) => {
      await scene.store('T', 'a')
      const consumer = consumerOf(scene)
      const illegal = [{ maxMsgNums: 33 }, { maxMsgNums: 0 }, { initMode: 2 }, { invisibleTime: 0 }]
      for (const fields of [...illegal, { invisibleTime: 259_200_001 }]) {
        expect((await consumer.pop(fields)).code).toBe('INVALID_PARAMETER')
      }
      expect((await consumerOf(scene, 'g', 'none').pop()).code).toBe('TOPIC_NOT_EXIST')
      for (const topic of ['rmq_sys_REVIVE_LOG_DefaultCluster', 'rmq_sys_wheel_timer']) {
        expect((await consumerOf(scene, 'g', topic).pop()).code).toBe('NO_PERMISSION')
        expect(await scene.broker.send({ topic }).catch(({ code }) => code)).toBe(16)
      }
      expect((await consumerOf(scene, 'CID_RMQ_SYS_REVIVE_GROUP').pop()).code).toBe('NO_PERMISSION')
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
    ...liteAcks.ackMessage,
    'what is acknowledged never comes again': async (scene) => {
      const { consumer, message } = await givenOne(scene, { invisibleTime: 3000 })
      expect(await consumer.ack(message)).toBe('SUCCESS')
      expect(await consumer.ack(message)).toBe('SUCCESS')
      await scene.cluster.sleep(8000)
      expect(await allBodies(consumer)).toEqual(['b'])
    },
    'checkpoints and acknowledgements are counted': async (scene) => {
      const { consumer, message } = await givenOne(scene)
      await consumer.ack(message)
      await scene.cluster.sleep(20_000)
      for (const statsName of ['GROUP_CK_NUMS', 'GROUP_ACK_NUMS']) {
        const { body } = await scene.broker.ask(commands.viewBrokerStatsData, { statsName, statsKey: 'T@g' })
        expect(brokerStatsBody.decode(body).statsMinute?.sum, statsName).toBe(1)
      }
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
    'what is acknowledged before a kill does not come when the first to ask does so long after it': async (scene) => {
      const { consumer, message } = await givenOne(scene, { invisibleTime: 900 })
      expect(await consumer.ack(message)).toBe('SUCCESS')
      // What another group is given has its record in the same revive queue, which the broker reads on meanwhile.
      for (let others = 1; others < 8; others++) await consumerOf(scene, 'nothing').pop({ exp: 'none' })
      const [other] = (await consumerOf(scene, 'other').pop({ invisibleTime: 12_000 })).messages
      expect(other!.receipt.reviveQueueId).toBe(message.receipt.reviveQueueId)
      scene.machine.kill()
      await scene.machine.start()
      await scene.cluster.sleep(30_000)
      await scene.restart()
      const after = new PopConsumer(scene.newClient().broker(scene.machine), scene.machine.name, 'g', 'T')
      expect(await allBodies(after)).toEqual(['b'])
    },
    'a receipt of an earlier life whose time nothing can wait for keeps no message back': async (scene) => {
      const { message } = await givenOne(scene, { invisibleTime: 30_000 })
      await scene.restart()
      const consumer = new PopConsumer(scene.newClient().broker(scene.machine), scene.machine.name, 'g', 'T')
      for (const invisibleTime of [300_000_000, Number.MAX_SAFE_INTEGER - 1]) {
        const extraInfo = formatPopReceipt({ ...message.receipt, invisibleTime })
        expect(await consumer.ack(message, { extraInfo })).not.toBe('SUCCESS')
      }
      await scene.cluster.sleep(40_000)
      expect(await allBodies(consumer)).toEqual(['a', 'b'])
    },
    'a receipt that has expired is refused: the message comes again': async (scene) => {
      const { consumer, message } = await givenOne(scene, { invisibleTime: 2000 })
      await scene.cluster.sleep(3000)
      expect(await consumer.ack(message)).toBe('NO_MESSAGE')
      expect(await allBodies(consumer)).toEqual(['a', 'b'])
    },
    'a receipt that has expired is refused though the clock is set back': async (scene) => {
      const { message } = await givenOne(scene, { invisibleTime: 2000 })
      await scene.restart()
      const consumer = new PopConsumer(scene.newClient().broker(scene.machine), scene.machine.name, 'g', 'T')
      await scene.cluster.sleep(8000)
      scene.machine.jumpClock(-9000)
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
      await refused(forged({ reviveQueueId: (receipt.reviveQueueId + 1) % 8 }))
      for (const invisibleTime of [2999, 60_000, 300_000_000, Number.MAX_SAFE_INTEGER - 1]) {
        await refused(forged({ invisibleTime }))
        expect(
          await consumer.changeInvisible({ ...message, receipt: { ...receipt, invisibleTime } }, 1000),
        ).toBeUndefined()
      }
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
  notification: {
    'who waits is told of messages in any queue and in the retry topic, and that there are none': async (scene) => {
      await scene.broker.createTopic('T', 4)
      const notified = async (pollTime: number) => {
        const header = { ...headerOf, pollTime, bornTime: 0, order: false }
        return (await scene.client.broker(scene.machine).ask(commands.notification, header)).header.hasMsg
      }
      expect(await notified(0)).toBe(false)
      expect(await notified(500)).toBe(false)
      const waiting = [notified(2000), notified(2000)]
      await scene.cluster.sleep(100)
      await scene.broker.send({ topic: 'T', queueId: 2, body: 'a' })
      expect(await Promise.all(waiting)).toEqual([true, true])
      await consumerOf(scene).pop({ invisibleTime: 1500 })
      expect(await notified(0)).toBe(false)
      expect(await notified(2500)).toBe(true)
    },
    'who waits is told until its wait is over by its own clock, and of messages though it is': async (scene) => {
      await scene.store('T')
      const bornTime = scene.client.wallMs - 58_000
      const told = async (pollTime: number) => {
        const header = { ...headerOf, pollTime, bornTime, order: false }
        return (await scene.client.broker(scene.machine).ask(commands.notification, header)).header.hasMsg
      }
      const waiting = consumerOf(scene).pop({ pollTime: 3000 })
      expect(await Promise.race([told(60_000), waiting.then(() => 'too long')])).toBe(false)
      expect(await told(0)).toBe(false)
      await scene.broker.send({ topic: 'T', body: 'a' })
      await waiting
      await scene.broker.send({ topic: 'T', body: 'b' })
      expect(await told(0)).toBe(true)
    },
    'who waits is refused when meanwhile it may not read any more': async (scene) => {
      await scene.store('T')
      for (const limit of readingLimits) {
        const header = { ...headerOf, pollTime: 10_000, bornTime: 0, order: false }
        const waiting = codeOf(scene.client.broker(scene.machine), commands.notification, header)
        await scene.cluster.sleep(100)
        await limit(scene, false)
        await scene.broker.send({ topic: 'T', body: 'a' })
        expect(await waiting).toBe('NO_PERMISSION')
        await limit(scene, true)
        await consumerOf(scene).pop()
      }
    },
    'in order nobody is told of a queue of which something is not acknowledged': async (scene) => {
      await scene.store('T', 'a', 'b')
      const consumer = consumerOf(scene)
      const { messages } = await consumer.pop(inOrder('1', { maxMsgNums: 1 }))
      const header = { ...headerOf, pollTime: 2000, bornTime: 0, order: true, attemptId: '2' }
      const waiting = scene.client.broker(scene.machine).ask(commands.notification, header)
      await scene.cluster.sleep(500)
      await consumer.ack(messages[0]!)
      expect((await waiting).header.hasMsg).toBe(true)
    },
    'what names no queue, topic or group is refused, and too many who wait are told so': withSettings(
      { popPollingSize: '1', enablePropertyFilter: 'true' },
      async (scene) => {
        await scene.broker.createTopic('T', 1)
        const header = { ...headerOf, pollTime: 1000, bornTime: 0, order: false }
        expect(await codeOf(scene.broker, commands.notification, { ...header, queueId: 1 })).toBe('INVALID_PARAMETER')
        expect(await codeOf(scene.broker, commands.notification, { ...header, topic: 'U' })).toBe('TOPIC_NOT_EXIST')
        const malformed = { ...header, exp: 'n >', expType: 'SQL92' }
        expect(await codeOf(scene.broker, commands.notification, malformed)).toBe('SUBSCRIPTION_PARSE_FAILED')
        const first = scene.client.broker(scene.machine).ask(commands.notification, header)
        await scene.cluster.sleep(100)
        const second = await scene.client.broker(scene.machine).ask(commands.notification, header)
        expect(second.header).toMatchObject({ hasMsg: false, pollingFull: true })
        expect((await first).header).toMatchObject({ hasMsg: false, pollingFull: false })
      },
    ),
  },
  pollingInfo: {
    'how many requests wait for a queue, and for any, is told': async (scene) => {
      await scene.broker.createTopic('T', 2)
      const count = async (queueId: number) =>
        (await scene.broker.ask(commands.pollingInfo, { ...headerOf, queueId })).header.pollingNum
      const waiting = [-1, -1, 1].map((queueId) => consumerOf(scene).pop({ queueId, pollTime: 1000 }))
      await scene.cluster.sleep(100)
      expect([await count(-1), await count(0), await count(1)]).toEqual([2, 0, 1])
      await Promise.all(waiting)
      expect(await count(-1)).toBe(0)
      expect(await codeOf(scene.broker, commands.pollingInfo, { ...headerOf, topic: 'U' })).toBe('TOPIC_NOT_EXIST')
    },
  },
  peekMessage: {
    'what a group would be given next is shown, and stays': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      const consumer = consumerOf(scene)
      await consumer.pop()
      const peek = async (maxMsgNums: number) => {
        const { header, body } = await scene.broker.ask(commands.peekMessage, { ...headerOf, maxMsgNums })
        return { rest: header.restNum, bodies: bodiesOf(readMessages(body)) }
      }
      expect(await peek(1)).toEqual({ rest: 2, bodies: ['b'] })
      expect(await peek(32)).toEqual({ rest: 2, bodies: ['b', 'c'] })
      expect(await allBodies(consumer)).toEqual(['b', 'c'])
      const header = { ...headerOf, maxMsgNums: 1 }
      expect(await codeOf(scene.broker, commands.peekMessage, header)).toBe('PULL_NOT_FOUND')
      expect(await codeOf(scene.broker, commands.peekMessage, { ...header, maxMsgNums: 33 })).toBe('INVALID_PARAMETER')
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
      expect(await consumer.ackAll(Array.from({ length: 4097 }, () => message))).toBe('INVALID_PARAMETER')
      const whole = Buffer.alloc(5, 0xff).toString('base64')
      for (const fields of [
        { q: -1 },
        { q: 1 },
        { so: -1 },
        { r: '3' },
        { rq: 8 },
        { rq: (message.receipt.reviveQueueId + 1) % 8 },
        { it: 300_000_000 },
        { it: Number.MAX_SAFE_INTEGER },
        { so: Number.MAX_SAFE_INTEGER },
        { pt: Number.MAX_SAFE_INTEGER },
        { b: whole },
        { b: Buffer.alloc(12_000, 0xff).toString('base64') },
        { b: '' },
        { t: 'none' },
      ]) {
        expect(await consumer.ackAll([message], fields)).not.toBe('SUCCESS')
      }
      expect(await consumer.ackAll([message])).toBe('SUCCESS')
    },
  },
  changeMessageInvisibletime: {
    ...liteAcks.changeMessageInvisibletime,
    'in order a queue is free sooner, or later': async (scene) => {
      await scene.store('T', 'a', 'b')
      const consumer = consumerOf(scene)
      const { messages } = await consumer.pop(inOrder('1', { maxMsgNums: 1, invisibleTime: 5000 }))
      const later = (await consumer.changeInvisible(messages[0]!, 8000))!
      await scene.cluster.sleep(6000)
      expect((await consumer.pop(inOrder('2'))).messages).toEqual([])
      const waiting = consumer.pop(inOrder('3', { pollTime: 5000 }))
      await scene.cluster.sleep(100)
      await consumer.changeInvisible(later, 500)
      const startMs = scene.cluster.simulation.monotonic()
      expect(bodiesOf((await waiting).messages)).toEqual(['a', 'b'])
      expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(700)
      expect(await consumer.changeInvisible(messages[0]!, 500)).toBeUndefined()
    },
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
    'receipts of an earlier life of the broker make no more checkpoints than there may be': withSettings(
      { popCkMaxBufferSize: '1' },
      async (scene) => {
        const { message } = await givenOne(scene, { invisibleTime: 60_000 })
        await scene.restart()
        const consumer = new PopConsumer(scene.newClient().broker(scene.machine), scene.machine.name, 'g', 'T')
        expect(await consumer.changeInvisible(message, 30_000)).toBeDefined()
        expect(await consumer.changeInvisible(message, 30_000)).toBeUndefined()
      },
    ),
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
  setMessageRequestMode: {
    'members are told to pop, or to pull, as it was set last, after a kill too': async (scene) => {
      await scene.broker.createTopic('T', 4)
      await scene.join('g', 'T', scene.client)
      const assigned = async (broker: BrokerCalls) => {
        const request = { topic: 'T', consumerGroup: 'g', clientId: scene.client.id, strategyName: 'AVG' } as const
        const body = queryAssignmentRequestBody.encode({ ...request, messageModel: 'CLUSTERING' })
        const answer = queryAssignmentResponseBody.decode((await broker.ask(commands.queryAssignment, {}, body)).body)
        return answer.messageQueueAssignments?.map(({ mode, messageQueue }) => `${mode} ${messageQueue!.queueId}`)
      }
      await scene.cluster.sleep(1000)
      expect(await assigned(scene.broker)).toEqual(['PULL 0', 'PULL 1', 'PULL 2', 'PULL 3'])
      expect(await setMode(scene, 'POP')).toBe('SUCCESS')
      expect(await assigned(scene.broker)).toEqual(['POP -1'])
      scene.machine.kill()
      await scene.machine.start()
      const client = scene.newClient()
      await scene.join('g', 'T', client)
      const { body } = await client.broker(scene.machine).ask(commands.getAllMessageRequestMode, {})
      const table = messageRequestModeTableBody.decode(body).messageRequestModeMap
      expect(table.get('T')?.get('g')).toMatchObject({ mode: 'POP', popShareQueueNum: 0 })
    },
    'a retry topic, and what is not there, is refused': async (scene) => {
      await scene.broker.createTopic('T', 1)
      expect(await setMode(scene, 'POP', '%RETRY%g')).toBe('NO_PERMISSION')
      expect(await setMode(scene, 'POP', 'none')).toBe('TOPIC_NOT_EXIST')
      expect(await setMode(scene, 'POP', 'T', 'a b')).toBe('SUBSCRIPTION_GROUP_NOT_EXIST')
    },
  },
  getAllMessageRequestMode: {
    'what was set is told, and nothing of topics and groups that are gone': async (scene) => {
      for (const topic of ['T', 'U']) {
        await scene.broker.createTopic(topic, 1)
        for (const group of ['g', 'h']) expect(await setMode(scene, 'POP', topic, group)).toBe('SUCCESS')
      }
      const told = async () => {
        const { body } = await scene.broker.ask(commands.getAllMessageRequestMode, {})
        const table = messageRequestModeTableBody.decode(body).messageRequestModeMap
        return [...table].flatMap(([topic, groups]) => [...groups.keys()].map((group) => `${topic} ${group}`))
      }
      expect(await told()).toEqual(['T g', 'T h', 'U g', 'U h'])
      await scene.broker.ask(commands.deleteTopicInBroker, { topic: 'T' })
      await scene.broker.ask(commands.deleteSubscriptiongroup, { groupName: 'h', cleanOffset: false })
      expect(await told()).toEqual(['U g'])
    },
  },
} satisfies Promises
