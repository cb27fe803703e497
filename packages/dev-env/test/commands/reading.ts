import { commands, newTagSubscription, type RequestOf, responseCodeName } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { readMessages } from '../../src/client/broker-calls.ts'
import { bodiesOf, codeOf, type Promises, readingLimits, type Scene, withSettings } from './scene.ts'

const suspendFlag = 2
const subscriptionInHeader = 4
const liteFlag = 16

const pullHeader = (topic: string, rest: Partial<RequestOf<typeof commands.pullMessage>> = {}) => ({
  consumerGroup: 'g',
  topic,
  queueId: 0,
  queueOffset: 0,
  maxMsgNums: 32,
  sysFlag: subscriptionInHeader,
  commitOffset: 0,
  suspendTimeoutMillis: 0,
  subscription: '*',
  subVersion: 0,
  expressionType: 'TAG',
  ...rest,
})

const queryHeader = (key: string, rest: Partial<RequestOf<typeof commands.queryMessage>> = {}) => ({
  topic: 'T',
  key,
  maxNum: 32,
  beginTimestamp: 0,
  endTimestamp: 4_000_000_000_000,
  ...rest,
})

/** Pulls by an SQL92 expression of the request. */
const sqlHeader = (expression: string, rest: Partial<RequestOf<typeof commands.pullMessage>> = {}) =>
  pullHeader('T', { subscription: expression, expressionType: 'SQL92', ...rest })

/** One client subscribes to T by an SQL92 expression. */
async function subscribeBySql({ broker }: Scene, subString: string, subVersion = 1): Promise<void> {
  const subscription = { ...newTagSubscription('T', '*', subVersion), subString, expressionType: 'SQL92' }
  await broker.heartbeat([{ group: 'g', topics: {}, consumer: { subscriptionDataSet: [subscription] } }])
}

/** Messages whose property n counts. */
async function counted(scene: Scene, count: number): Promise<void> {
  await scene.store('T')
  for (let n = 0; n < count; n++) await scene.broker.send({ topic: 'T', body: String(n), properties: { n: String(n) } })
}

async function bodiesBySql({ broker }: Scene, header: ReturnType<typeof pullHeader>) {
  const { body } = await broker.ask(commands.pullMessage, header)
  return bodiesOf(readMessages(body))
}

async function withKeys(scene: Scene): Promise<void> {
  await scene.store('T')
  for (const [body, KEYS] of [
    ['a', 'k other'],
    ['b', 'k'],
    ['c', 'last'],
  ] as const) {
    await scene.broker.send({ topic: 'T', body, properties: { KEYS, UNIQ_KEY: `id-${body}`, TAGS: `tag-${body}` } })
    await scene.cluster.sleep(1000)
  }
}

export const reading = {
  pullMessage: {
    'messages come from an offset on, with the ends of the queue and where to go on': async (scene) => {
      await scene.store('T', 'a', 'b', 'c', 'd')
      const { messages, bytes: _, ...rest } = await scene.broker.pull({ topic: 'T', offset: 1, countMax: 2 })
      expect(messages.map(({ body, queueOffset }) => [String(body), queueOffset])).toEqual([
        ['b', 1],
        ['c', 2],
      ])
      expect(rest).toEqual({ code: 0, nextOffset: 3, minOffset: 0, maxOffset: 4, offsetDelta: 0 })
    },
    'only messages of wanted tags come, and the others are passed by': async ({ broker }) => {
      await broker.createTopic('T', 1)
      for (const TAGS of ['x', 'y', 'z', 'y']) await broker.send({ topic: 'T', body: TAGS, properties: { TAGS } })
      const { messages, nextOffset } = await broker.pull({ topic: 'T', expression: 'x || z' })
      expect([bodiesOf(messages), nextOffset]).toEqual([['x', 'z'], 4])
      const none = await broker.pull({ topic: 'T', expression: 'w' })
      expect([responseCodeName(none.code), none.nextOffset]).toEqual(['PULL_RETRY_IMMEDIATELY', 4])
    },
    'a pull at the end waits as long as it may, and a message ends its wait': async (scene) => {
      const { broker, cluster } = scene
      await scene.store('T')
      const startMs = cluster.simulation.monotonic()
      expect((await broker.pull({ topic: 'T', waitMs: 7000 })).code).toBe(19)
      expect(cluster.simulation.monotonic() - startMs).toBeGreaterThanOrEqual(7000)
      const pulling = broker.pull({ topic: 'T', waitMs: 7000 })
      await cluster.sleep(1000)
      await broker.send({ topic: 'T', body: 'awaited' })
      expect(bodiesOf((await pulling).messages)).toEqual(['awaited'])
    },
    'a pull that waits is refused when meanwhile it may not read any more': async (scene) => {
      await scene.store('T')
      for (const [offset, limit] of readingLimits.entries()) {
        const { pullMessage } = commands
        const header = pullHeader('T', { sysFlag: subscriptionInHeader | suspendFlag, suspendTimeoutMillis: 10_000 })
        const pulling = codeOf(scene.newClient().broker(scene.machine), pullMessage, { ...header, queueOffset: offset })
        await scene.cluster.sleep(100)
        await limit(scene, false)
        await scene.broker.send({ topic: 'T', body: String(offset) })
        expect(await pulling).toBe('NO_PERMISSION')
        await limit(scene, true)
        expect(bodiesOf((await scene.broker.pull({ topic: 'T', group: 'g', offset })).messages)).toEqual([
          String(offset),
        ])
      }
    },
    'an offset past the end is moved back to it': async (scene) => {
      await scene.store('T', 'a', 'b')
      const pulledAt = async (offset: number) => {
        const { code, nextOffset } = await scene.broker.pull({ topic: 'T', offset })
        return [responseCodeName(code), nextOffset]
      }
      expect(await pulledAt(2)).toEqual(['PULL_NOT_FOUND', 2])
      expect(await pulledAt(3)).toEqual(['PULL_OFFSET_MOVED', 2])
    },
    'a pull commits the offset that it brings': async (scene) => {
      await scene.store('T', 'a', 'b')
      await scene.broker.pull({ topic: 'T', group: 'g', offset: 1, commitOffset: 1 })
      expect(await scene.broker.committedOffset('g', 'T', 0)).toBe(1)
    },
    'topics and queues that are not there are refused': async (scene) => {
      await scene.store('T')
      const pulled = (topic: string, queueId: number) =>
        codeOf(scene.broker, commands.pullMessage, pullHeader(topic, { queueId }))
      expect(await pulled('T', 1)).toBe('INVALID_PARAMETER')
      const { remark } = await scene.broker.call(commands.pullMessage, pullHeader('T', { queueId: 1 }))
      expect(remark).toMatch(/^queueId\[1\] is illegal, topic:\[T\] .*readQueueNums:\[1\] consumer:\[\/[\d.]+:\d+\]$/)
      expect(await pulled('T', -1)).toBe('INVALID_PARAMETER')
      expect(await pulled('None', 0)).toBe('TOPIC_NOT_EXIST')
    },
    'a subscription that is left to a group without members is refused': async (scene) => {
      await scene.store('T', 'a')
      const header = pullHeader('T', { sysFlag: 0 })
      expect(await codeOf(scene.broker, commands.pullMessage, header)).toBe('SUBSCRIPTION_NOT_EXIST')
      await scene.join('g', 'T', scene.client)
      expect(await codeOf(scene.broker, commands.pullMessage, header)).toBe('SUCCESS')
    },
    'messages come whose properties an SQL92 expression asks for, and the others are passed by': async (scene) => {
      await counted(scene, 10)
      expect(await bodiesBySql(scene, sqlHeader('n > 2 AND n <> 5 AND n < 8'))).toEqual(['3', '4', '6', '7'])
      const none = await scene.broker.call(commands.pullMessage, sqlHeader('n > 99'))
      expect(responseCodeName(none.code)).toBe('PULL_RETRY_IMMEDIATELY')
      expect(commands.pullMessage.responseCodec.decode(none.extFields).nextBeginOffset).toBe(10)
    },
    'messages whose properties are missing, or of another type, are passed by': async (scene) => {
      await scene.store('T', 'without')
      for (const n of ['x', '5.0', '5']) await scene.broker.send({ topic: 'T', body: n, properties: { n } })
      expect(await bodiesBySql(scene, sqlHeader('n = 5'))).toEqual(['5'])
    },
    'a group that subscribed by an SQL92 expression gets what matches': async (scene) => {
      await counted(scene, 6)
      await subscribeBySql(scene, "n IN ('1', '4')")
      expect(await bodiesBySql(scene, pullHeader('T', { sysFlag: 0 }))).toEqual(['1', '4'])
      await subscribeBySql(scene, 'n = 2', 2)
      expect(await bodiesBySql(scene, pullHeader('T', { sysFlag: 0 }))).toEqual(['2'])
    },
    'a pull that waits is answered by a message that matches its expression, and by no other': async (scene) => {
      const { broker, cluster } = scene
      await scene.store('T')
      const waiting = { sysFlag: subscriptionInHeader | suspendFlag, suspendTimeoutMillis: 30_000 }
      const pulling = broker.call(commands.pullMessage, sqlHeader('n = 7', waiting), undefined, 40_000)
      let isAnswered = false
      void pulling.then(() => {
        isAnswered = true
      })
      for (const n of ['1', '2', '3']) await broker.send({ topic: 'T', body: n, properties: { n } })
      await cluster.sleep(1000)
      expect(isAnswered).toBe(false)
      await broker.send({ topic: 'T', body: 'seven', properties: { n: '7' } })
      expect(bodiesOf(readMessages((await pulling).body!))).toEqual(['seven'])
    },
    'a pull that waits by an expression comes back when more came than is looked at in one go': async (scene) => {
      await scene.store('T')
      const waiting = { sysFlag: subscriptionInHeader | suspendFlag, suspendTimeoutMillis: 30_000 }
      const pulling = scene.broker.call(commands.pullMessage, sqlHeader('n = 7', waiting), undefined, 40_000)
      await scene.cluster.sleep(100)
      const batch = Array.from({ length: 900 }, () => ({ topic: 'T', properties: { n: '1' } }))
      await scene.broker.sendBatch(batch)
      const { code, extFields } = await pulling
      expect(responseCodeName(code)).toBe('PULL_RETRY_IMMEDIATELY')
      expect(commands.pullMessage.responseCodec.decode(extFields).nextBeginOffset).toBe(800)
    },
    'an SQL92 expression that is wrong is refused, and the remark says where': async (scene) => {
      await scene.store('T', 'a')
      const { code, remark } = await scene.broker.call(commands.pullMessage, sqlHeader('n = = 5'))
      expect(responseCodeName(code)).toBe('SUBSCRIPTION_PARSE_FAILED')
      expect(remark).toContain('at character 5')
    },
    'a group whose expression is wrong, or older than its pull, is told so': async (scene) => {
      await scene.store('T', 'a')
      const code = (subVersion: number) =>
        codeOf(scene.broker, commands.pullMessage, pullHeader('T', { sysFlag: 0, subVersion }))
      await subscribeBySql(scene, 'n = = 5', 1)
      expect(await code(1)).toBe('FILTER_DATA_NOT_EXIST')
      await subscribeBySql(scene, 'n = 5', 2)
      expect(await code(2)).toBe('PULL_RETRY_IMMEDIATELY')
      expect(await code(3)).toBe('SUBSCRIPTION_NOT_LATEST')
    },
    'SQL92 expressions are refused where they are off': withSettings(
      { enablePropertyFilter: 'false' },
      async (scene) => {
        await scene.store('T', 'a')
        expect(await codeOf(scene.broker, commands.pullMessage, sqlHeader('n = 5'))).toBe('SYSTEM_ERROR')
      },
    ),
    'an unknown group is refused': withSettings({ autoCreateSubscriptionGroup: 'false' }, async (scene) => {
      await scene.store('T', 'a')
      const code = await codeOf(scene.broker, commands.pullMessage, pullHeader('T'))
      expect(code).toBe('SUBSCRIPTION_GROUP_NOT_EXIST')
    }),
  },
  litePullMessage: {
    'messages come from an offset on, with the ends of the queue and where to go on': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      const lite = { queueOffset: 1, sysFlag: subscriptionInHeader | liteFlag }
      const answer = await scene.broker.ask(commands.litePullMessage, pullHeader('T', lite))
      expect(bodiesOf(readMessages(answer.body))).toEqual(['b', 'c'])
      expect(answer.header).toMatchObject({ nextBeginOffset: 3, minOffset: 0, maxOffset: 3, suggestWhichBrokerId: 0 })
    },
    'it is refused where it is off': withSettings({ litePullMessageEnable: 'false' }, async (scene) => {
      await scene.store('T', 'a')
      const header = pullHeader('T', { sysFlag: subscriptionInHeader | liteFlag })
      expect(await codeOf(scene.broker, commands.litePullMessage, header)).toBe('NO_PERMISSION')
    }),
    'a topic that is not there is refused': async ({ broker }) => {
      expect(await codeOf(broker, commands.litePullMessage, pullHeader('None'))).toBe('TOPIC_NOT_EXIST')
    },
  },
  viewMessageById: {
    'the message at a position of the log comes as it is stored': async (scene) => {
      await scene.store('T', 'a', 'b')
      const [, second] = await scene.broker.readQueue('T')
      const { body } = await scene.broker.ask(commands.viewMessageById, { topic: 'T', offset: second!.physicalOffset })
      expect(readMessages(body)).toEqual([second])
    },
    'a position where no message begins is refused': async (scene) => {
      await scene.store('T', 'a', 'b')
      const [, second] = await scene.broker.readQueue('T')
      const { physicalOffset } = second!
      for (const offset of [physicalOffset + 1, physicalOffset + 10_000, -1]) {
        expect(await codeOf(scene.broker, commands.viewMessageById, { offset })).toBe('SYSTEM_ERROR')
      }
    },
  },
  queryMessage: {
    'messages with a key come in the order in which they were stored': async (scene) => {
      await withKeys(scene)
      const { header, body } = await scene.broker.ask(commands.queryMessage, queryHeader('k'))
      expect(bodiesOf(readMessages(body))).toEqual(['a', 'b'])
      const [, , last] = await scene.broker.readQueue('T')
      expect(header).toEqual({
        indexLastUpdateTimestamp: last!.storeTimestamp,
        indexLastUpdatePhyoffset: last!.physicalOffset,
      })
    },
    'the newest come when there are too many': async (scene) => {
      await withKeys(scene)
      const { body } = await scene.broker.ask(commands.queryMessage, queryHeader('k', { maxNum: 1 }))
      expect(bodiesOf(readMessages(body))).toEqual(['b'])
    },
    'the message with a unique id comes': async (scene) => {
      await withKeys(scene)
      const header = queryHeader('id-b', { _UNIQUE_KEY_QUERY: true, maxNum: 0 })
      const { body } = await scene.broker.ask(commands.queryMessage, header)
      expect(bodiesOf(readMessages(body))).toEqual(['b'])
    },
    'only messages that were stored in the time come': async (scene) => {
      await withKeys(scene)
      const [first] = await scene.broker.readQueue('T')
      const header = queryHeader('k', { endTimestamp: first!.storeTimestamp + 500 })
      const { body } = await scene.broker.ask(commands.queryMessage, header)
      expect(bodiesOf(readMessages(body))).toEqual(['a'])
    },
    'nothing is found of another key, another topic or another time': async (scene) => {
      await withKeys(scene)
      const code = (key: string, rest: Partial<RequestOf<typeof commands.queryMessage>> = {}) =>
        codeOf(scene.broker, commands.queryMessage, queryHeader(key, rest))
      expect(await code('none')).toBe('QUERY_NOT_FOUND')
      expect(await code('k', { topic: 'None' })).toBe('QUERY_NOT_FOUND')
      expect(await code('k', { endTimestamp: 1 })).toBe('QUERY_NOT_FOUND')
    },
  },
} satisfies Promises
