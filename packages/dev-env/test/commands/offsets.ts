import {
  type AnyCommand,
  commands,
  consumeQueueQueryBody,
  consumerStatusBody,
  consumeStatsBody,
  consumeStatsListBody,
  consumeTimeSpanBody,
  correctionOffsetsBody,
  formatTimeSpanStamp,
  newTagSubscription,
  type RequestOf,
  resetOffsetBody,
  responseCodeName,
} from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { codeOf, type Promises, type Scene, withSettings } from './scene.ts'

const queueOf = (topic: string, queueId = 0) => ({ topic, brokerName: 'broker-1', queueId })
const atQueue = (topic: string, queueId = 0) => ({ topic, queueId })
const inQueue = (group: string, topic = 'T', queueId = 0) => ({ consumerGroup: group, topic, queueId })

/** Stores messages a second apart. @returns when they were stored */
async function storeInTime(scene: Scene, ...bodies: string[]): Promise<number[]> {
  await scene.broker.createTopic('T', 1)
  for (const body of bodies) {
    await scene.broker.send({ topic: 'T', body })
    await scene.cluster.sleep(1000)
  }
  return (await scene.broker.readQueue('T')).map(({ storeTimestamp }) => storeTimestamp)
}

/** A group that has consumed one of three messages and was given two. */
async function withProgress(scene: Scene): Promise<number[]> {
  const storedMs = await storeInTime(scene, 'a', 'b', 'c')
  await scene.join('g', 'T', scene.client)
  await scene.broker.pull({ topic: 'T', group: 'g', countMax: 2 })
  await scene.broker.commitOffset('g', 'T', 0, 1)
  return storedMs
}

/** A group with offsets in T, which its member subscribes to, and in U. @returns the offsets that groups have */
async function withTwoTopics(scene: Scene) {
  const { broker } = scene
  await withProgress(scene)
  await scene.store('U', 'a', 'b')
  await broker.commitOffset('g', 'U', 0, 2)
  return async (group: string, topic: string): Promise<number | undefined> => {
    const answer = await broker.call(commands.queryConsumerOffset, {
      ...inQueue(group, topic),
      setZeroIfNotFound: false,
    })
    return answer.code === 0 ? Number(answer.extFields!.offset) : undefined
  }
}

const progressOf = (storedMs: readonly number[]) => ({
  brokerOffset: 3,
  consumerOffset: 1,
  pullOffset: 2,
  lastTimestamp: storedMs[0]!,
})

type Reset = Partial<RequestOf<typeof commands.invokeBrokerToResetOffset>>
const resetHeader = (reset: Reset) => ({ group: 'g', topic: 'T', queueId: -1, timestamp: -1, isForce: true, ...reset })

/** Where a group's next pull of a queue is sent, after a reset. */
async function movedTo(scene: Scene, reset: Reset): Promise<[string | undefined, number]> {
  const { body } = await scene.broker.ask(commands.invokeBrokerToResetOffset, resetHeader(reset))
  const table = resetOffsetBody.decode(body).offsetTable
  const { code, nextOffset } = await scene.broker.pull({ topic: 'T', group: 'g', offset: 1 })
  expect(table).toEqual([[queueOf('T'), nextOffset]])
  expect(await scene.broker.committedOffset('g', 'T', 0)).toBe(nextOffset)
  return [responseCodeName(code), nextOffset]
}

export const offsets = {
  queryConsumerOffset: {
    'the offset that a group committed last is told': async (scene) => {
      await withProgress(scene)
      const { header } = await scene.broker.ask(commands.queryConsumerOffset, inQueue('g'))
      expect(header).toEqual({ offset: 1 })
      await scene.broker.commitOffset('g', 'T', 0, 0)
      expect(await scene.broker.committedOffset('g', 'T', 0)).toBe(0)
    },
    'a new group begins at 0 while the first message is at hand, unless it wants to know': async (scene) => {
      await scene.store('T', 'a')
      const { header } = await scene.broker.ask(commands.queryConsumerOffset, inQueue('g'))
      expect(header).toEqual({ offset: 0 })
      const asking = { ...inQueue('g'), setZeroIfNotFound: false }
      expect(await codeOf(scene.broker, commands.queryConsumerOffset, asking)).toBe('QUERY_NOT_FOUND')
    },
    'nothing is known of a queue that was never written to': async (scene) => {
      await scene.store('T')
      expect(await codeOf(scene.broker, commands.queryConsumerOffset, inQueue('g'))).toBe('QUERY_NOT_FOUND')
      expect(await codeOf(scene.broker, commands.queryConsumerOffset, inQueue('g', 'None'))).toBe('QUERY_NOT_FOUND')
    },
  },
  updateConsumerOffset: {
    'nobody moves, resets, copies over or deletes how far the broker itself is': async (scene) => {
      const { broker } = scene
      await withProgress(scene)
      const group = 'CID_RMQ_SYS_TRANS'
      const queue = { topic: 'RMQ_SYS_TRANS_HALF_TOPIC', queueId: 0 }
      const refused = async <C extends AnyCommand>(command: C, header: RequestOf<C>) =>
        expect(await codeOf(broker, command, header)).toBe('NO_PERMISSION')
      await refused(commands.updateConsumerOffset, { consumerGroup: group, ...queue, commitOffset: 7 })
      await refused(commands.invokeBrokerToResetOffset, { ...resetHeader({ timestamp: 0 }), group, topic: 'T' })
      await refused(commands.cloneGroupOffset, { srcGroup: 'g', destGroup: group, offline: true })
      await refused(commands.deleteSubscriptiongroup, { groupName: group, cleanOffset: true })
      const pull = { ...queue, consumerGroup: group, queueOffset: 0, maxMsgNums: 1, sysFlag: 5, commitOffset: 7 }
      const subscription = { suspendTimeoutMillis: 0, subscription: '*', subVersion: 0 }
      await refused(commands.pullMessage, { ...pull, ...subscription })
    },
    'a committed offset is there after a restart': async (scene) => {
      await withProgress(scene)
      await scene.broker.ask(commands.updateConsumerOffset, { ...inQueue('g'), commitOffset: 2 })
      const again = await scene.restart()
      expect(await again.committedOffset('g', 'T', 0)).toBe(2)
    },
    'a pull that brings a negative offset is answered, and leaves the group where it was': async (scene) => {
      await withProgress(scene)
      const { messages } = await scene.broker.pull({ topic: 'T', group: 'g', commitOffset: -1 })
      expect(messages.length).toBeGreaterThan(0)
      expect(await scene.broker.committedOffset('g', 'T', 0)).toBe(1)
    },
    'an unknown topic, a negative queue and a negative offset are refused': async (scene) => {
      await withProgress(scene)
      const committed = (commitOffset: number, topic: string, queueId = 0) =>
        codeOf(scene.broker, commands.updateConsumerOffset, { ...inQueue('g', topic, queueId), commitOffset })
      expect(await committed(0, 'None')).toBe('TOPIC_NOT_EXIST')
      expect(await committed(2, 'T', -1)).toBe('INVALID_PARAMETER')
      expect(await committed(-1, 'T')).toBe('INVALID_PARAMETER')
      expect(await scene.broker.committedOffset('g', 'T', 0)).toBe(1)
    },
    'a queue that the topic does not have is refused, but for one that the group was in': async (scene) => {
      await withProgress(scene)
      const committed = (queueId: number) =>
        codeOf(scene.broker, commands.updateConsumerOffset, { ...inQueue('g', 'T', queueId), commitOffset: 1 })
      const { readQueueNums } = (await scene.broker.topics()).topicConfigTable.get('T')!
      expect(await committed(readQueueNums)).toBe('INVALID_PARAMETER')
      await scene.broker.createTopic('T', readQueueNums + 1)
      expect(await committed(readQueueNums)).toBe('SUCCESS')
      await scene.broker.createTopic('T', readQueueNums)
      expect(await committed(readQueueNums)).toBe('SUCCESS')
    },
    'so many offsets of light queues are kept, by whatever request they come': {
      options: { brokerSettings: { enableLmq: 'true', maxLmqOffsetNum: '1' } },
      async proof(scene) {
        const { broker } = scene
        const [known, other] = ['%LMQ%1', '%LMQ%2']
        const commit = (topic: string, queueId = 0) => ({ ...inQueue('%LMQ%g', topic, queueId), commitOffset: 1 })
        expect(await codeOf(broker, commands.updateConsumerOffset, commit(known))).toBe('SUCCESS')
        expect(await codeOf(broker, commands.updateConsumerOffset, commit(known, 7))).toBe('INVALID_PARAMETER')
        const tooLong = commit(`%LMQ%${'x'.repeat(300)}`)
        expect(await codeOf(broker, commands.updateConsumerOffset, tooLong)).toBe('INVALID_PARAMETER')
        const refused = async <C extends AnyCommand>(command: C, header: RequestOf<C>) =>
          expect(await codeOf(broker, command, header)).toBe('LMQ_QUOTA_EXCEEDED')
        await refused(commands.updateConsumerOffset, commit(other))
        const pull = { ...inQueue('g', other), queueOffset: 0, maxMsgNums: 1, sysFlag: 5, commitOffset: 0 }
        const subscription = { suspendTimeoutMillis: 0, subscription: '*', subVersion: 0 }
        await refused(commands.pullMessage, { ...pull, ...subscription })
        await refused(commands.invokeBrokerToResetOffset, {
          ...resetHeader({ timestamp: -1 }),
          group: 'g',
          topic: other,
        })
        await refused(commands.cloneGroupOffset, { srcGroup: '%LMQ%g', destGroup: '%LMQ%h', offline: true })
        const pop = { consumerGroup: 'g', topic: other, queueId: -1, maxMsgNums: 1, invisibleTime: 1000 }
        await refused(commands.popMessage, { ...pop, pollTime: 0, bornTime: 0, initMode: 0, order: false })
      },
    },
    'an unknown group is refused': async (scene) => {
      await scene.store('T', 'a')
      const header = { ...inQueue('none'), commitOffset: 1 }
      expect(await codeOf(scene.broker, commands.updateConsumerOffset, header)).toBe('SUBSCRIPTION_GROUP_NOT_EXIST')
    },
  },
  searchOffsetByTimestamp: {
    'the first message from a time on is found, or the last one up to it': async (scene) => {
      const [first, second] = (await storeInTime(scene, 'a', 'b')) as [number, number]
      const found = async (timestamp: number, boundaryType?: 'lower' | 'upper') => {
        const header = { ...atQueue('T'), timestamp, ...(boundaryType === undefined ? {} : { boundaryType }) }
        return (await scene.broker.ask(commands.searchOffsetByTimestamp, header)).header.offset
      }
      expect([await found(first - 1), await found(first), await found(first + 1)]).toEqual([0, 0, 1])
      expect([await found(second), await found(second + 1)]).toEqual([1, 2])
      expect([await found(first, 'upper'), await found(second - 1, 'upper')]).toEqual([0, 0])
      expect(await found(second, 'upper')).toBe(1)
    },
    'a queue that was never written to begins at 0': async (scene) => {
      await scene.store('T')
      const header = { ...atQueue('T'), timestamp: scene.machine.wallMs }
      expect((await scene.broker.ask(commands.searchOffsetByTimestamp, header)).header.offset).toBe(0)
    },
  },
  getMaxOffset: {
    'the offset that the next message gets is told': async (scene) => {
      await scene.store('T', 'a', 'b')
      expect((await scene.broker.ask(commands.getMaxOffset, { ...atQueue('T'), committed: true })).header.offset).toBe(
        2,
      )
      expect((await scene.broker.send({ topic: 'T', body: 'c' })).queueOffset).toBe(2)
    },
    'it is 0 where nothing was written': async (scene) => {
      await scene.store('T')
      expect((await scene.broker.ask(commands.getMaxOffset, { ...atQueue('T'), committed: true })).header.offset).toBe(
        0,
      )
    },
  },
  getMinOffset: {
    'the offset of the first message that is left is told': withSettings({ deleteWhen: '' }, async (scene) => {
      await scene.broker.createTopic('T', 1)
      for (let count = 0; count < 30; count++) await scene.broker.send({ topic: 'T', body: 'x'.repeat(100_000) })
      const min = async () => (await scene.broker.ask(commands.getMinOffset, atQueue('T'))).header.offset
      expect(await min()).toBe(0)
      scene.machine.jumpClock(80 * 3_600_000)
      await scene.broker.ask(commands.deleteExpiredCommitlog, {})
      await scene.cluster.until('files are deleted', async () => (await min()) > 0)
      const [first] = await scene.broker.readQueue('T', 0, await min())
      expect(first!.queueOffset).toBe(await min())
      const pulled = await scene.broker.pull({ topic: 'T', offset: (await min()) - 1 })
      expect(pulled.nextOffset).toBe(await min())
    }),
  },
  getEarliestMsgStoretime: {
    'the time of the first message is told, and -1 where there is none': async (scene) => {
      const [first] = await storeInTime(scene, 'a', 'b')
      const told = async (topic: string) =>
        (await scene.broker.ask(commands.getEarliestMsgStoretime, atQueue(topic))).header.timestamp
      expect(await told('T')).toBe(first)
      await scene.store('Empty')
      expect(await told('Empty')).toBe(-1)
    },
  },
  getConsumeStats: {
    'the progress of a group is told by queue, in one topic or in all': async (scene) => {
      const storedMs = await withProgress(scene)
      const told = async (topics: { topic?: string; topicList?: string }) => {
        const { body } = await scene.broker.ask(commands.getConsumeStats, { consumerGroup: 'g', ...topics })
        return consumeStatsBody.decode(body).offsetTable
      }
      const expected = [[queueOf('T'), progressOf(storedMs)]]
      expect(await told({ topic: 'T' })).toEqual(expected)
      expect(await told({ topicList: 'T;None' })).toEqual(expected)
      expect(await told({})).toEqual(expected)
    },
    'a group has pulled what it has consumed, though its offset was set': async (scene) => {
      await scene.store('T', 'a', 'b', 'c')
      await scene.join('h', 'T', scene.client)
      await scene.broker.commitOffset('h', 'T', 0, 3)
      const { body } = await scene.broker.ask(commands.getConsumeStats, { consumerGroup: 'h', topic: 'T' })
      expect(consumeStatsBody.decode(body).offsetTable[0]![1]).toMatchObject({ consumerOffset: 3, pullOffset: 3 })
    },
    'nothing is told of a topic that is not there': async ({ broker }) => {
      const { body } = await broker.ask(commands.getConsumeStats, { consumerGroup: 'none', topic: 'None' })
      expect(consumeStatsBody.decode(body)).toEqual({ consumeTps: 0, offsetTable: [] })
    },
  },
  getBrokerConsumeStats: {
    'the progress of all groups is told, with the messages that they lag behind': async (scene) => {
      const storedMs = await withProgress(scene)
      const { body } = await scene.broker.ask(commands.getBrokerConsumeStats, { isOrder: false })
      const { consumeStatsList, totalDiff, brokerAddr } = consumeStatsListBody.decode(body)
      const ofGroup = consumeStatsList.find((table) => table.has('g'))!.get('g')!
      expect(ofGroup.map(({ offsetTable }) => offsetTable)).toEqual([
        [[queueOf('T'), { ...progressOf(storedMs), pullOffset: 0 }]],
      ])
      expect([totalDiff, brokerAddr]).toEqual([2, scene.machine.address])
    },
    'what the members of a group do not subscribe to is left out': async (scene) => {
      const { broker } = scene
      for (const topic of ['T', 'U']) await scene.store(topic, 'a')
      for (const topic of ['T', 'U']) await broker.pull({ topic, group: 'g', commitOffset: 0 })
      const told = async () => {
        const { body } = await broker.ask(commands.getBrokerConsumeStats, { isOrder: false })
        const { consumeStatsList, totalDiff } = consumeStatsListBody.decode(body)
        const ofGroup = consumeStatsList.find((table) => table.has('g'))!.get('g')!
        const topics = ofGroup.flatMap(({ offsetTable }) => offsetTable.map(([{ topic }]) => topic))
        return [topics.sort(), totalDiff]
      }
      expect(await told()).toEqual([['T', 'U'], 2])
      await scene.join('g', 'T', scene.client)
      expect(await told()).toEqual([['T'], 1])
    },
    'only ordered topics count where they are asked for': async (scene) => {
      await withProgress(scene)
      const { body } = await scene.broker.ask(commands.getBrokerConsumeStats, { isOrder: true })
      expect(consumeStatsListBody.decode(body).totalDiff).toBe(0)
    },
  },
  queryConsumeTimeSpan: {
    'the times of the first, the last and the consumed message are told, and how long the next one waits': async (
      scene,
    ) => {
      const [first, second, third] = (await withProgress(scene)) as [number, number, number]
      const { body } = await scene.broker.ask(commands.queryConsumeTimeSpan, { topic: 'T', group: 'g' })
      const { consumeTimeSpanSet } = consumeTimeSpanBody.decode(body)
      const { delayTime } = consumeTimeSpanSet[0]!
      expect(Math.abs(scene.machine.wallMs - second - delayTime)).toBeLessThan(50)
      const span = {
        delayTime,
        messageQueue: queueOf('T'),
        minTimeStamp: first,
        maxTimeStamp: third,
        consumeTimeStamp: first,
        minTimeStampStr: formatTimeSpanStamp(first),
        maxTimeStampStr: formatTimeSpanStamp(third),
        consumeTimeStampStr: formatTimeSpanStamp(first),
      }
      expect(consumeTimeSpanSet).toEqual([span])
    },
    'a topic that is not there is refused': async ({ broker }) => {
      const header = { topic: 'None', group: 'g' }
      expect(await codeOf(broker, commands.queryConsumeTimeSpan, header)).toBe('TOPIC_NOT_EXIST')
    },
  },
  queryCorrectionOffset: {
    'the least offset of all groups but some comes, by queue': async (scene) => {
      const { broker } = scene
      await broker.createTopic('T', 2)
      for (const body of ['a', 'b', 'c']) await broker.send({ topic: 'T', body })
      await broker.heartbeat(['g', 'h', 'k'].map((group) => ({ group, topics: { T: '*' } })))
      for (const [group, offset] of [
        ['g', 2],
        ['h', 1],
        ['k', 3],
      ] as const) {
        await broker.commitOffset(group, 'T', 0, offset)
      }
      await broker.commitOffset('k', 'T', 1, 0)
      const least = async (filterGroups?: string) => {
        const header = { topic: 'T', compareGroup: 'k', filterGroups }
        const { body } = await broker.ask(commands.queryCorrectionOffset, header)
        return [...correctionOffsetsBody.decode(body).correctionOffsets].sort()
      }
      expect(await least()).toEqual([
        [0, 1],
        [1, 0],
      ])
      expect(await least('h,k')).toEqual([[0, 2]])
      expect(await broker.committedOffset('h', 'T', 0)).toBe(1)
    },
    'nothing comes of a topic that nobody consumes': async ({ broker }) => {
      const { body } = await broker.ask(commands.queryCorrectionOffset, { topic: 'None', compareGroup: 'g' })
      expect(correctionOffsetsBody.decode(body).correctionOffsets).toEqual(new Map())
    },
  },
  invokeBrokerToResetOffset: {
    'a group goes on at a time, at the end or at an offset, and its next pull is told so': async (scene) => {
      const [, second] = await withProgress(scene)
      expect(await movedTo(scene, { timestamp: second! })).toEqual(['PULL_OFFSET_MOVED', 1])
      expect(await movedTo(scene, { timestamp: -1 })).toEqual(['PULL_OFFSET_MOVED', 3])
      expect(await movedTo(scene, { timestamp: 0 })).toEqual(['PULL_OFFSET_MOVED', 0])
      expect(await movedTo(scene, { queueId: 0, offset: 2 })).toEqual(['PULL_OFFSET_MOVED', 2])
      expect((await scene.broker.pull({ topic: 'T', group: 'g', offset: 2 })).messages).toHaveLength(1)
    },
    'what was consumed before does not count against it': async (scene) => {
      await withProgress(scene)
      await scene.broker.ask(commands.invokeBrokerToResetOffset, resetHeader({ timestamp: 0 }))
      await scene.broker.commitOffset('g', 'T', 0, 3)
      expect(await scene.broker.committedOffset('g', 'T', 0)).toBe(0)
    },
    'unknown topics, groups and queues, and an offset past the end, are refused': async (scene) => {
      await withProgress(scene)
      const reset = (change: Reset) =>
        codeOf(scene.broker, commands.invokeBrokerToResetOffset, resetHeader({ timestamp: 0, ...change }))
      expect(await reset({ topic: 'None' })).toBe('TOPIC_NOT_EXIST')
      expect(await reset({ group: 'none' })).toBe('SUBSCRIPTION_GROUP_NOT_EXIST')
      expect(await reset({ queueId: 1 })).toBe('INVALID_PARAMETER')
      expect(await reset({ queueId: 0, offset: 4 })).toBe('SYSTEM_ERROR')
      expect(await scene.broker.committedOffset('g', 'T', 0)).toBe(1)
      expect(await reset({ queueId: 0, offset: 3 })).toBe('SUCCESS')
    },
    'members are told where the broker does not keep it': withSettings(
      { useServerSideResetOffset: 'false' },
      async (scene) => {
        await withProgress(scene)
        await scene.broker.ask(commands.invokeBrokerToResetOffset, resetHeader({ timestamp: 0 }))
        await scene.cluster.sleep(100)
        const told = scene.client.requests.find(({ code }) => code === commands.resetConsumerClientOffset.code)
        expect(resetOffsetBody.decode(told!.body!).offsetTable).toEqual([[queueOf('T'), 0]])
        await scene.broker.ask(commands.unregisterClient, { clientID: scene.client.id, consumerGroup: 'g' })
        const code = await codeOf(scene.broker, commands.invokeBrokerToResetOffset, resetHeader({ timestamp: 0 }))
        expect(code).toBe('CONSUMER_NOT_ONLINE')
      },
    ),
  },
  invokeBrokerToGetConsumerStatus: {
    'the offsets that each member has are told, without those who are silent': async (scene) => {
      await scene.store('T', 'a')
      const [first, second, silent] = [scene.client, scene.newClient(), scene.newClient()] as const
      await scene.join('g', 'T', first, second, silent)
      const has = (offset: number) => {
        const table = { messageQueueTable: [[queueOf('T'), offset] as [ReturnType<typeof queueOf>, number]] }
        return () => ({ body: consumerStatusBody.encode({ ...table, consumerTable: new Map() }) })
      }
      first.answer(commands.getConsumerStatusFromClient, has(7))
      second.answer(commands.getConsumerStatusFromClient, has(8))
      const told = async (clientAddr?: string) => {
        const header = { topic: 'T', group: 'g', ...(clientAddr === undefined ? {} : { clientAddr }) }
        const { body } = await scene.broker.ask(commands.invokeBrokerToGetConsumerStatus, header)
        return consumerStatusBody.decode(body).consumerTable
      }
      expect(await told(second.id)).toEqual(new Map([[second.id, [[queueOf('T'), 8]]]]))
      const all = new Map([
        [first.id, [[queueOf('T'), 7]]],
        [second.id, [[queueOf('T'), 8]]],
      ])
      expect(await told()).toEqual(all)
    },
    'a group without members is refused': async ({ broker }) => {
      const header = { topic: 'T', group: 'none' }
      expect(await codeOf(broker, commands.invokeBrokerToGetConsumerStatus, header)).toBe('SYSTEM_ERROR')
    },
  },
  cloneGroupOffset: {
    'a group gets the offsets of another one, in one topic or in all': async (scene) => {
      const known = await withTwoTopics(scene)
      await scene.broker.ask(commands.unregisterClient, { clientID: scene.client.id, consumerGroup: 'g' })
      await scene.broker.ask(commands.cloneGroupOffset, { srcGroup: 'g', destGroup: 'one', topic: 'U' })
      await scene.broker.ask(commands.cloneGroupOffset, { srcGroup: 'g', destGroup: 'all' })
      expect([await known('one', 'T'), await known('one', 'U')]).toEqual([undefined, 2])
      expect([await known('all', 'T'), await known('all', 'U')]).toEqual([1, 2])
      expect([await known('g', 'T'), await known('g', 'U')]).toEqual([1, 2])
    },
    'topics that the members of the other group have left are left out, unless they are asked for': async (scene) => {
      const known = await withTwoTopics(scene)
      await scene.broker.ask(commands.cloneGroupOffset, { srcGroup: 'g', destGroup: 'all' })
      expect([await known('all', 'T'), await known('all', 'U')]).toEqual([1, undefined])
      await scene.broker.ask(commands.cloneGroupOffset, { srcGroup: 'g', destGroup: 'one', topic: 'U', offline: true })
      expect(await known('one', 'U')).toBe(2)
    },
  },
  queryConsumeQueue: {
    'units of a queue are told, with what a group wants of them': async (scene) => {
      const { broker } = scene
      await broker.createTopic('T', 1)
      for (const TAGS of ['TagA', 'TagB', 'TagA']) await broker.send({ topic: 'T', body: 'a', properties: { TAGS } })
      await broker.heartbeat([{ group: 'g', topics: { T: 'TagA' } }])
      const header = { topic: 'T', queueId: 0, index: 0, count: 2, consumerGroup: 'g' }
      const { body } = await broker.ask(commands.queryConsumeQueue, header)
      const { queueData, ...rest } = consumeQueueQueryBody.decode(body)
      const messages = await broker.readQueue('T')
      expect(queueData!.map(({ physicOffset, physicSize }) => [physicOffset, physicSize])).toEqual(
        messages.slice(0, 2).map(({ physicalOffset, totalSize }) => [physicalOffset, totalSize]),
      )
      expect(queueData!.map((unit) => unit.eval)).toEqual([true, false])
      expect(queueData!.map(({ tagsCode }) => Number(tagsCode))).toEqual([2598919, 2598920])
      expect(rest).toEqual({
        subscriptionData: newTagSubscription('T', 'TagA', 1),
        filterData: 'null',
        minQueueIndex: 0,
        maxQueueIndex: 3,
      })
    },
    'of a group that filters by an expression the expression is told, and units say nothing of it': async (scene) => {
      const { broker } = scene
      await scene.store('T', 'a')
      const subscription = { ...newTagSubscription('T', '*', 1), subString: 'n > 5', expressionType: 'SQL92' }
      await broker.heartbeat([{ group: 'g', topics: {}, consumer: { subscriptionDataSet: [subscription] } }])
      const header = { topic: 'T', queueId: 0, index: 0, count: 1, consumerGroup: 'g' }
      const { body } = await broker.ask(commands.queryConsumeQueue, header)
      const { queueData, filterData } = consumeQueueQueryBody.decode(body)
      expect(queueData!.map((unit) => unit.eval)).toEqual([true])
      expect(
        filterData!.replaceAll(/(Time|Version)":[1-9]\d*/g, '$1":<time>').replaceAll(/\[\d+(,\d+)*\]/g, '[<bits>]'),
      ).toBe(
        [
          '{',
          '\t"bloomFilterData":{',
          '\t\t"bitNum":112,',
          '\t\t"bitPos":[<bits>]',
          '\t},',
          '\t"bornTime":<time>,',
          '\t"clientVersion":<time>,',
          '\t"consumerGroup":"g",',
          '\t"dead":false,',
          '\t"deadTime":0,',
          '\t"expression":"n > 5",',
          '\t"expressionType":"SQL92",',
          '\t"topic":"T"',
          '}',
        ].join('\n'),
      )
    },
    'an index past the end shows nothing, and says so': async (scene) => {
      await scene.store('T', 'a')
      const answer = await scene.broker.call(commands.queryConsumeQueue, { topic: 'T', queueId: 0, index: 1, count: 9 })
      expect([answer.body, answer.remark]).toEqual([undefined, expect.stringContaining('1 of 0@T')])
    },
    'a queue that is not there is refused': async (scene) => {
      await scene.store('T', 'a')
      for (const [topic, queueId] of [
        ['T', 99],
        ['T', -1],
        ['None', 0],
      ] as const) {
        const answer = await scene.broker.call(commands.queryConsumeQueue, { topic, queueId, index: 0, count: 9 })
        expect([answer.code, answer.remark]).toEqual([1, `${queueId}@${topic} is not exist!`])
      }
    },
  },
} satisfies Promises
