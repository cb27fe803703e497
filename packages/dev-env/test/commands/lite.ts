import {
  brokerLiteInfoBody,
  commands,
  formatPopReceipt,
  liteClientInfoBody,
  liteGroupInfoBody,
  liteSubscriptionsBody,
  liteTopicInfoBody,
  parentTopicInfoBody,
  parsePopReceipt,
  responseCodeName,
} from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import {
  type BrokerCalls,
  type ClusterClient,
  createLiteGroup,
  createParent,
  LiteConsumer,
  sendToLite,
} from '../../src/index.ts'
import { bodiesOf, codeOf, type Promises, type Proof, type ProofIn, type Scene } from './scene.ts'

/** A proof in a cluster that has lite topics. */
const withLite = (proof: Proof, brokerSettings: Record<string, string> = {}): ProofIn => ({
  options: { brokerSettings: { enableLmq: 'true', ...brokerSettings } },
  proof,
})

const parent = 'P'

/** A topic with lite topics, and a group that consumes them. @param attributes of the group */
async function prepare(scene: Scene, attributes: Record<string, string> = {}, minutes = -1): Promise<void> {
  await createParent(scene.broker, parent, minutes)
  await group(scene, 'g', attributes)
}

const group = ({ broker }: Scene, name: string, attributes: Record<string, string> = {}) =>
  createLiteGroup(broker, name, parent, attributes)

const send = (broker: BrokerCalls, liteTopic: string, body: string) => sendToLite(broker, parent, liteTopic, body)

/** What brokers asked of the client of a consumer. */
const asked = new WeakMap<LiteConsumer, ClusterClient>()

function consumerOf(scene: Scene, name = 'g'): LiteConsumer {
  const client = scene.newClient()
  const consumer = new LiteConsumer(client.broker(scene.machine), scene.machine.name, name, parent)
  asked.set(consumer, client)
  return consumer
}

const manyNames = Array.from({ length: 40 }, (_, index) => `n${index}`)

/** A message of each of many lite topics is given, though a client is told of few at a time. */
async function isWaitedForOnce(scene: Scene, consumer: LiteConsumer): Promise<void> {
  for (const name of manyNames) await send(scene.broker, name, name)
  const startMs = scene.cluster.simulation.monotonic()
  const got: string[] = []
  while (got.length < manyNames.length) {
    got.push(...(await consumer.bodies({ pollTime: 60_000, invisibleTime: 200_000 })))
  }
  expect(got.sort()).toEqual([...manyNames].sort())
  expect(scene.cluster.simulation.monotonic() - startMs).toBeLessThan(45_000)
}

export const lite = {
  popLiteMessage: {
    'a client is given what stands in the lite topics that it subscribes to, and nothing else': withLite(
      async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        await consumer.subscribe('a', 'b')
        for (const name of ['a', 'b', 'c']) await send(scene.broker, name, `1 in ${name}`)
        expect((await consumer.bodies()).sort()).toEqual(['1 in a', '1 in b'])
        expect(await scene.bodiesIn(parent)).toEqual(['1 in a', '1 in b', '1 in c'])
        expect(await scene.bodiesIn(`%LMQ%$${parent}$c`)).toEqual(['1 in c'])
      },
    ),
    'who waits is refused when meanwhile it may not read any more': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a')
      const waiting = consumer.pop({ pollTime: 10_000 })
      await scene.cluster.sleep(100)
      await scene.broker.changeSettings({ brokerPermission: '2' })
      await send(scene.broker, 'a', '1')
      expect(await waiting).toMatchObject({ code: 'NO_PERMISSION', messages: [] })
      await scene.broker.changeSettings({ brokerPermission: '6' })
      expect(await consumer.bodies()).toEqual(['1'])
    }),
    'nothing more of a lite topic is given until all is acknowledged, and others go on': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a', 'b')
      for (const body of ['1', '2', '3']) await send(scene.broker, 'a', body)
      const { messages } = await consumer.pop({ maxMsgNum: 2, invisibleTime: 60_000 })
      expect(bodiesOf(messages)).toEqual(['1', '2'])
      expect(await consumer.bodies()).toEqual([])
      await send(scene.broker, 'b', 'other')
      expect(await consumer.bodies()).toEqual(['other'])
      expect(await consumer.ack(messages[1]!)).toBe('SUCCESS')
      expect(await consumer.bodies()).toEqual([])
      const waiting = consumer.bodies({ pollTime: 5000 })
      await scene.cluster.sleep(100)
      expect(await consumer.ack(messages[0]!)).toBe('SUCCESS')
      expect(await waiting).toEqual(['3'])
    }),
    'who waits is woken by a message of any of its lite topics': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a', 'b')
      const waiting = consumer.bodies({ pollTime: 10_000 })
      await scene.cluster.sleep(500)
      await send(scene.broker, 'b', 'x')
      expect(await waiting).toEqual(['x'])
    }),
    'what is not acknowledged comes again in its place, counted, to who waits': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a')
      for (const body of ['1', '2']) await send(scene.broker, 'a', body)
      const first = await consumer.pop({ invisibleTime: 3000 })
      expect(first.counts).toBe('0;0')
      const again = await consumer.pop({ pollTime: 8000 })
      expect(bodiesOf(again.messages)).toEqual(['1', '2'])
      expect(again.counts).toBe('0 qo0%0 1;0 qo0%1 1')
    }),
    'what is to come again sooner does so although others are acknowledged after that was said': withLite(
      async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        await consumer.subscribe('a')
        for (const body of ['1', '2', '3']) await send(scene.broker, 'a', body)
        const { messages } = await consumer.pop({ invisibleTime: 60_000 })
        await consumer.ack(messages[0]!)
        const sooner = { ...consumer.named(messages[1]!), invisibleTime: 1000, suspend: false }
        await scene.broker.ask(commands.changeMessageInvisibletime, sooner)
        await consumer.ack(messages[2]!)
        expect(await consumer.bodies({ pollTime: 5000 })).toEqual(['2'])
      },
    ),
    'what is acknowledged before others does not come again when these do': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a')
      for (const body of ['1', '2', '3']) await send(scene.broker, 'a', body)
      const { messages } = await consumer.pop({ invisibleTime: 1000 })
      for (const index of [0, 2]) await consumer.ack(messages[index]!)
      const again = await consumer.pop({ pollTime: 5000 })
      expect(bodiesOf(again.messages)).toEqual(['2'])
      expect(await consumer.ack(again.messages[0]!)).toBe('SUCCESS')
      expect(await consumer.bodies({ pollTime: 2000 })).toEqual([])
    }),
    'an attempt whose answer was lost gets the same messages': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a', 'b')
      for (const name of ['a', 'b', 'b']) await send(scene.broker, name, name)
      const first = await consumer.bodies({ attemptId: '1' })
      expect(first.sort()).toEqual(['a', 'b', 'b'])
      const again = await consumer.pop({ attemptId: '1' })
      expect(bodiesOf(again.messages).sort()).toEqual(['a', 'b', 'b'])
      expect(again.counts).toBe('0;0;0')
      expect(await consumer.bodies({ attemptId: '2' })).toEqual([])
    }),
    'in a group that shares, a message is given to one member': withLite(async (scene) => {
      await prepare(scene)
      const consumers = [consumerOf(scene), consumerOf(scene)]
      for (const consumer of consumers) await consumer.subscribe('a')
      await send(scene.broker, 'a', 'x')
      const bodies = await Promise.all(consumers.map((consumer) => consumer.bodies()))
      expect(bodies.flat()).toEqual(['x'])
    }),
    'each group is given all': withLite(async (scene) => {
      await prepare(scene)
      await group(scene, 'h')
      const consumers = ['g', 'h'].map((name) => consumerOf(scene, name))
      for (const consumer of consumers) await consumer.subscribe('a')
      await send(scene.broker, 'a', 'x')
      expect(await Promise.all(consumers.map((consumer) => consumer.bodies()))).toEqual([['x'], ['x']])
    }),
    'a wildcard group is given all lite topics, those that were there before and those that come': withLite(
      async (scene) => {
        await prepare(scene, { 'lite.sub.wildcard': 'true' })
        await send(scene.broker, 'old', 'before')
        const consumer = consumerOf(scene)
        expect(await consumer.change({ action: 'COMPLETE_ADD' })).toBe('SUCCESS')
        await send(scene.broker, 'new', 'after')
        expect(await consumer.bodies({ pollTime: 5000 })).toEqual(['after'])
        expect(await consumer.bodies({ pollTime: 20_000 })).toEqual(['before'])
      },
    ),
    'a client that does not ask is passed by: another one of its group is given its messages': withLite(
      async (scene) => {
        await prepare(scene)
        const silent = consumerOf(scene)
        await silent.subscribe('a')
        await send(scene.broker, 'a', 'x')
        const other = consumerOf(scene)
        await other.subscribe('a')
        const waiting = other.bodies({ pollTime: 60_000 })
        expect(await waiting).toEqual(['x'])
      },
    ),
    'what is too much for the events of a client is given later': withLite(
      async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        const names = ['a', 'b', 'c', 'd']
        await consumer.subscribe(...names)
        for (const name of names) await send(scene.broker, name, name)
        const got = await consumer.bodies({ invisibleTime: 60_000 })
        expect(got).toHaveLength(2)
        while (got.length < 4) {
          const more = await consumer.bodies({ pollTime: 30_000, invisibleTime: 60_000 })
          expect(more).not.toEqual([])
          got.push(...more)
        }
        expect(got.sort()).toEqual(names)
      },
      { maxClientEventCount: '2' },
    ),
    'what is too much for the events of a client is waited for once, however much it is': withLite(
      async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        await consumer.subscribe(...manyNames)
        await isWaitedForOnce(scene, consumer)
      },
      { maxClientEventCount: '2' },
    ),
    'what is too much for the events of a wildcard group is waited for once, however much it is': withLite(
      async (scene) => {
        await prepare(scene, { 'lite.sub.wildcard': 'true' })
        const consumer = consumerOf(scene)
        await consumer.change({ action: 'COMPLETE_ADD' })
        await isWaitedForOnce(scene, consumer)
      },
      { maxClientEventCount: '2' },
    ),
    'after a kill what was not acknowledged comes again, and nothing that was': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a')
      for (const body of ['1', '2', '3']) await send(scene.broker, 'a', body)
      const { messages } = await consumer.pop()
      expect(await consumer.ack(messages[0]!)).toBe('SUCCESS')
      await scene.cluster.sleep(6000)
      scene.machine.kill()
      await scene.machine.start()
      const again = consumerOf(scene)
      await again.change({ action: 'COMPLETE_ADD', liteTopicSet: ['a'] })
      expect(await again.bodies({ pollTime: 5000 })).toEqual(['2', '3'])
    }),
    'nothing is given while too much is not acknowledged, until it is visible again': withLite(
      async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        await consumer.subscribe('a', 'b')
        await send(scene.broker, 'a', 'a')
        expect(await consumer.bodies({ invisibleTime: 3000 })).toEqual(['a'])
        await send(scene.broker, 'b', 'b')
        expect(await consumer.pop()).toMatchObject({
          code: 'POLLING_FULL',
          remark: expect.stringContaining('popCkMaxBufferSize'),
        })
        await scene.cluster.sleep(4000)
        expect((await consumer.bodies()).length).toBeGreaterThan(0)
      },
      { popCkMaxBufferSize: '1' },
    ),
    'what is acknowledged behind others does not come again, however much is given': withLite(
      async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        await consumer.subscribe('a', 'b')
        for (const body of ['1', '2']) await send(scene.broker, 'a', body)
        const { messages } = await consumer.pop({ invisibleTime: 2000 })
        expect(await consumer.ack(messages[1]!)).toBe('SUCCESS')
        await scene.cluster.sleep(3000)
        await send(scene.broker, 'b', 'other')
        const again = (await consumer.pop({ invisibleTime: 60_000 })).messages
        expect(bodiesOf(again)).toEqual(['1'])
        expect((await consumer.pop()).code).toBe('POLLING_FULL')
        expect(await consumer.ack(again[0]!)).toBe('SUCCESS')
        expect(await consumer.bodies({ pollTime: 5000 })).toEqual(['other'])
      },
      { popCkMaxBufferSize: '1' },
    ),
    'a group that is new to a lite topic begins at its first message, also when the process died before that was written down':
      withLite(async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        await consumer.subscribe('a')
        for (const body of ['1', '2', '3']) await send(scene.broker, 'a', body)
        expect(await consumer.bodies()).toEqual(['1', '2', '3'])
        scene.machine.kill()
        await scene.machine.start()
        const again = consumerOf(scene)
        await again.subscribe('a')
        expect(await again.bodies({ pollTime: 5000 })).toEqual(['1', '2', '3'])
      }),
    'a request whose wait is over by the clock of its client is told so, and is given nothing': withLite(
      async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        await consumer.subscribe('a')
        await send(scene.broker, 'a', '1')
        const bornTime = scene.client.wallMs - 2000
        expect(await consumer.pop({ bornTime })).toMatchObject({ code: 'POLLING_TIMEOUT', messages: [] })
        expect(await consumer.bodies({ bornTime, pollTime: 5000 })).toEqual(['1'])
      },
    ),
    'what is no such request is refused': withLite(async (scene) => {
      await prepare(scene)
      await scene.broker.createTopic('T', 1)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a')
      for (const maxMsgNum of [0, 33]) expect((await consumer.pop({ maxMsgNum })).code).toBe('INVALID_PARAMETER')
      expect((await consumer.pop({ invisibleTime: 0 })).code).toBe('INVALID_PARAMETER')
      expect((await consumer.pop({ attemptId: 'x'.repeat(256) })).code).toBe('INVALID_PARAMETER')
      expect((await consumer.pop({ topic: 'none' })).code).toBe('TOPIC_NOT_EXIST')
      expect((await consumer.pop({ topic: 'T' })).remark).toContain('message.type')
      await group(scene, 'unbound', { 'lite.bind.topic': 'T' })
      expect((await consumer.pop({ consumerGroup: 'unbound' })).remark).toContain('lite.bind.topic')
      expect((await consumer.pop()).code).toBe('POLLING_TIMEOUT')
      const ofBatches = scene.broker.createTopic('B', 1, 6, '+message.type=LITE,+queue.type=BatchCQ')
      await expect(ofBatches).rejects.toThrow('has no lite topics')
      const named = await send(scene.broker, 'a/b', 'x').catch(({ code }) => responseCodeName(code))
      expect(named).toBe('MESSAGE_ILLEGAL')
    }),
  },
  liteSubscriptionCtl: {
    'in an exclusive group the last subscriber has a lite topic, and the one before is told': withLite(
      async (scene) => {
        await prepare(scene, { 'lite.sub.model': 'Exclusive' })
        const [first, second] = [consumerOf(scene), consumerOf(scene)]
        await first.subscribe('a', 'b')
        await second.subscribe('a')
        await scene.cluster.sleep(100)
        const notices = asked.get(first)!.requests.filter(({ code }) => code === commands.notifyUnsubscribeLite.code)
        expect(notices.map(({ extFields }) => extFields)).toMatchObject([
          { liteTopic: 'a', consumerGroup: 'g', clientId: first.broker.client.id },
        ])
        await send(scene.broker, 'a', 'x')
        expect(await first.bodies()).toEqual([])
        expect(await second.bodies()).toEqual(['x'])
        // A notice that was lost is repeated when the client says what it believes.
        await first.change({ action: 'COMPLETE_ADD', liteTopicSet: ['a', 'b'] })
        await scene.cluster.sleep(100)
        expect(asked.get(first)!.requests).toHaveLength(notices.length + 1)
      },
    ),
    'what a client was told of a lite topic is not given to it any more when another one takes that over': withLite(
      async (scene) => {
        await prepare(scene, { 'lite.sub.model': 'Exclusive' })
        const [first, second] = [consumerOf(scene), consumerOf(scene)]
        await first.subscribe('a', 'b')
        for (const name of ['a', 'b']) await send(scene.broker, name, name)
        expect(await first.bodies({ attemptId: '1', maxMsgNum: 1, invisibleTime: 2000 })).toEqual(['a'])
        await second.subscribe('a', 'b')
        expect(await first.bodies({ attemptId: '1' })).toEqual([])
        expect(await second.bodies()).toEqual(['b'])
        expect(await second.bodies({ pollTime: 5000 })).toEqual(['a'])
      },
    ),
    'what a client was told of lite topics that it leaves is given to others at once, and to it no more': withLite(
      async (scene) => {
        await prepare(scene)
        const [first, second] = [consumerOf(scene), consumerOf(scene)]
        const names = Array.from({ length: 20 }, (_, index) => `n${index}`)
        for (const consumer of [first, second]) await consumer.subscribe(...names)
        for (const name of names) await send(scene.broker, name, name)
        await first.change({ action: 'PARTIAL_REMOVE', liteTopicSet: names.slice(0, 10) })
        await first.change({ action: 'COMPLETE_ADD', liteTopicSet: ['other'] })
        expect(await first.bodies()).toEqual([])
        expect((await second.bodies()).sort()).toEqual([...names].sort())
      },
    ),
    'a client of a group that wants all no more has what it subscribes to': withLite(async (scene) => {
      await prepare(scene, { 'lite.sub.wildcard': 'true' })
      const consumer = consumerOf(scene)
      await consumer.change({ action: 'COMPLETE_ADD' })
      await group(scene, 'g', { 'lite.sub.wildcard': 'false' })
      await consumer.subscribe('a')
      for (const name of ['b', 'a']) await send(scene.broker, name, name)
      expect(await consumer.bodies({ pollTime: 2000 })).toEqual(['a'])
    }),
    'a complete subscription replaces all others, and its removal ends them': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a')
      await consumer.change({ action: 'COMPLETE_ADD', liteTopicSet: ['b'] })
      await send(scene.broker, 'a', 'in a')
      await send(scene.broker, 'b', 'in b')
      expect(await consumer.bodies()).toEqual(['in b'])
      await consumer.change({ action: 'COMPLETE_REMOVE' })
      await send(scene.broker, 'a', 'more')
      expect(await consumer.bodies()).toEqual([])
    }),
    'a subscriber begins where it asks to': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a')
      for (const body of ['0', '1', '2', '3']) await send(scene.broker, 'a', body)
      for (const message of (await consumer.pop()).messages) await consumer.ack(message)
      const from = async (type: 'POLICY' | 'OFFSET' | 'TAIL_N' | 'TIMESTAMP', value: number) => {
        const offsetOption = { type, value }
        await consumer.change({ action: 'PARTIAL_ADD', liteTopicSet: ['a'], offsetOption })
        const { messages } = await consumer.pop()
        for (const message of messages) await consumer.ack(message)
        return bodiesOf(messages)
      }
      expect(await from('POLICY', 1)).toEqual(['0', '1', '2', '3'])
      expect(await from('POLICY', 0)).toEqual([])
      expect(await from('OFFSET', 2)).toEqual(['2', '3'])
      expect(await from('TAIL_N', 1)).toEqual(['3'])
      expect(await from('POLICY', 2)).toEqual([])
      expect(await from('TIMESTAMP', 0)).toEqual(['0', '1', '2', '3'])
    }),
    'a group begins anew in what a member leaves, or another one takes over, where it is to': withLite(
      async (scene) => {
        await prepare(scene, {
          'lite.sub.model': 'Exclusive',
          'lite.sub.reset.offset.exclusive': 'true',
          'lite.sub.reset.offset.unsubscribe': 'true',
        })
        const consumer = consumerOf(scene)
        await consumer.subscribe('a')
        await send(scene.broker, 'a', 'x')
        const all = async (of: LiteConsumer) => {
          const { messages } = await of.pop()
          for (const message of messages) await of.ack(message)
          return bodiesOf(messages)
        }
        expect(await all(consumer)).toEqual(['x'])
        await consumer.change({ action: 'PARTIAL_REMOVE', liteTopicSet: ['a'] })
        await consumer.subscribe('a')
        expect(await all(consumer)).toEqual(['x'])
        const other = consumerOf(scene)
        await other.subscribe('a')
        expect(await all(other)).toEqual(['x'])
      },
    ),
    'where a group is to begin is where it does, also when the broker is killed at once': withLite(async (scene) => {
      const resets = { 'lite.sub.reset.offset.exclusive': 'true', 'lite.sub.reset.offset.unsubscribe': 'true' }
      await prepare(scene, { 'lite.sub.model': 'Exclusive', ...resets })
      const names = ['asked', 'left', 'lost']
      const consumer = consumerOf(scene)
      await consumer.subscribe(...names, 'kept')
      for (const name of [...names, 'kept']) await send(scene.broker, name, name)
      for (const message of (await consumer.pop()).messages) await consumer.ack(message)
      await scene.cluster.sleep(12_000)
      const offsetOption = { type: 'POLICY', value: 1 } as const
      expect(await consumer.change({ action: 'PARTIAL_ADD', liteTopicSet: ['asked'], offsetOption })).toBe('SUCCESS')
      expect(await consumer.change({ action: 'PARTIAL_REMOVE', liteTopicSet: ['left'] })).toBe('SUCCESS')
      expect(await consumerOf(scene).subscribe('lost')).toBe('SUCCESS')
      scene.machine.kill()
      await scene.machine.start()
      const again = consumerOf(scene)
      await again.change({ action: 'COMPLETE_ADD', liteTopicSet: [...names, 'kept'] })
      const { messages } = await again.pop({ pollTime: 5000 })
      expect(bodiesOf(messages).sort()).toEqual(names)
      for (const message of messages) await again.ack(message)
      await scene.cluster.sleep(12_000)
      scene.machine.kill()
      await scene.machine.start()
      const last = consumerOf(scene)
      await last.change({ action: 'COMPLETE_ADD', liteTopicSet: [...names, 'kept'] })
      expect(await last.bodies({ pollTime: 5000 })).toEqual([])
    }),
    'too many subscriptions are refused, with the setting or the attribute': withLite(
      async (scene) => {
        await prepare(scene, { 'lite.sub.client.quota': '2' })
        const [first, second] = [consumerOf(scene), consumerOf(scene)]
        expect(await first.subscribe('a', 'b', 'c')).toBe('LITE_SUBSCRIPTION_QUOTA_EXCEEDED')
        expect(await first.subscribe('a', 'b')).toBe('SUCCESS')
        expect(await first.subscribe('b')).toBe('SUCCESS')
        expect(await second.subscribe('a', 'b')).toBe('LITE_SUBSCRIPTION_QUOTA_EXCEEDED')
        expect(await second.change({ action: 'COMPLETE_ADD', liteTopicSet: ['a', 'b'] })).toBe(
          'LITE_SUBSCRIPTION_QUOTA_EXCEEDED',
        )
        expect(await second.subscribe('a')).toBe('SUCCESS')
      },
      { maxLiteSubscriptionCount: '3' },
    ),
    'clients that subscribe to nothing count too, and none has a very long name': withLite(
      async (scene) => {
        await prepare(scene)
        const change = { action: 'COMPLETE_ADD' } as const
        expect(await consumerOf(scene).change(change)).toBe('SUCCESS')
        expect(await consumerOf(scene).change(change)).toBe('LITE_SUBSCRIPTION_QUOTA_EXCEEDED')
        expect(await consumerOf(scene).change({ ...change, clientId: 'x'.repeat(256) })).toBe('ILLEGAL_OPERATION')
      },
      { maxLiteSubscriptionCount: '1' },
    ),
    'so many offsets of lite topics are kept: nobody begins in others': withLite(
      async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        await consumer.subscribe('a', 'b')
        for (const name of ['a', 'b']) await send(scene.broker, name, name)
        expect(await consumer.bodies()).toHaveLength(1)
        expect(await consumer.pop()).toMatchObject({
          code: 'LMQ_QUOTA_EXCEEDED',
          remark: expect.stringContaining('maxLmqOffsetNum'),
        })
        const offsetOption = { type: 'OFFSET', value: 1 } as const
        const refused = await consumer.change({ action: 'PARTIAL_ADD', liteTopicSet: ['c'], offsetOption })
        expect(refused).toBe('LMQ_QUOTA_EXCEEDED')
      },
      { maxLmqOffsetNum: '1' },
    ),
    'what a client does not say any more ends': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a')
      await scene.cluster.sleep(320_000)
      await send(scene.broker, 'a', 'x')
      expect(await consumer.bodies()).toEqual([])
    }),
    'what is no such change is refused': withLite(async (scene) => {
      await prepare(scene, { 'lite.sub.wildcard': 'true' })
      const consumer = consumerOf(scene)
      expect(await codeOf(scene.broker, commands.liteSubscriptionCtl, {})).toBe('ILLEGAL_OPERATION')
      const empty = liteSubscriptionsBody.encode({ subscriptionSet: [] })
      expect(await codeOf(scene.broker, commands.liteSubscriptionCtl, {}, empty)).toBe('ILLEGAL_OPERATION')
      expect(await consumer.subscribe('a')).toBe('ILLEGAL_OPERATION')
      expect(await consumer.change({ action: 'COMPLETE_ADD', group: 'none' })).toBe('ILLEGAL_OPERATION')
      await group(scene, 'h')
      expect(await consumerOf(scene, 'h').subscribe('a b')).toBe('ILLEGAL_OPERATION')
    }),
  },
  getBrokerLiteInfo: {
    'what there is of lite topics is counted': withLite(async (scene) => {
      await prepare(scene, {}, 30)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a', 'b')
      await send(scene.broker, 'a', 'x')
      await consumer.pop()
      const { body } = await scene.broker.ask(commands.getBrokerLiteInfo, {})
      expect(brokerLiteInfoBody.decode(body)).toMatchObject({
        storeType: 'default',
        maxLmqNum: 20_000,
        currentLmqNum: 1,
        liteSubscriptionCount: 2,
        orderInfoCount: 1,
        eventMapSize: 1,
        topicMeta: new Map([[parent, 30]]),
        groupMeta: new Map([[parent, ['g']]]),
      })
    }),
  },
  getParentTopicInfo: {
    'groups and lite topics of a topic are told': withLite(async (scene) => {
      await prepare(scene, {}, 30)
      for (const name of ['a', 'b', 'b']) await send(scene.broker, name, 'x')
      const { body } = await scene.broker.ask(commands.getParentTopicInfo, { topic: parent })
      const told = { topic: parent, ttl: 30, groups: ['g'], lmqNum: 2, liteTopicCount: 2 }
      expect(parentTopicInfoBody.decode(body)).toEqual(told)
      await scene.broker.createTopic('T', 1)
      expect(await codeOf(scene.broker, commands.getParentTopicInfo, { topic: 'T' })).toBe('INVALID_PARAMETER')
      expect(await codeOf(scene.broker, commands.getParentTopicInfo, { topic: 'none' })).toBe('TOPIC_NOT_EXIST')
    }),
    'a lite topic that nobody sends to goes after its time, with its offsets, and begins anew': withLite(
      async (scene) => {
        await prepare(scene, {}, 20)
        const consumer = consumerOf(scene)
        await consumer.subscribe('a')
        await send(scene.broker, 'a', 'x')
        for (const message of (await consumer.pop()).messages) await consumer.ack(message)
        const count = async () => {
          const { body } = await scene.broker.ask(commands.getParentTopicInfo, { topic: parent })
          return parentTopicInfoBody.decode(body).liteTopicCount
        }
        await scene.cluster.sleep(18 * 60_000)
        await send(scene.broker, 'b', 'x')
        expect(await count()).toBe(2)
        await scene.cluster.sleep(5 * 60_000)
        expect(await count()).toBe(1)
        await consumer.subscribe('a')
        await send(scene.broker, 'a', 'y')
        expect(await consumer.bodies()).toEqual(['y'])
      },
    ),
    'a topic that is deleted takes its lite topics along': withLite(async (scene) => {
      await prepare(scene)
      await send(scene.broker, 'a', 'x')
      await scene.broker.deleteTopic(parent)
      await prepare(scene)
      const { body } = await scene.broker.ask(commands.getParentTopicInfo, { topic: parent })
      expect(parentTopicInfoBody.decode(body).liteTopicCount).toBe(0)
    }),
  },
  getLiteTopicInfo: {
    'messages and subscribers of a lite topic are told': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a')
      for (const body of ['x', 'y']) await send(scene.broker, 'a', body)
      await scene.cluster.sleep(1000)
      const { body } = await scene.broker.ask(commands.getLiteTopicInfo, { parentTopic: parent, liteTopic: 'a' })
      expect(liteTopicInfoBody.decode(body)).toMatchObject({
        parentTopic: parent,
        liteTopic: 'a',
        subscriber: [{ clientId: consumer.broker.client.id, group: 'g' }],
        topicOffset: { minOffset: 0, maxOffset: 2, lastUpdateTimestamp: expect.any(Number) },
        shardingToBroker: true,
      })
      expect(await codeOf(scene.broker, commands.getLiteTopicInfo, { parentTopic: 'none' })).toBe('TOPIC_NOT_EXIST')
    }),
  },
  getLiteClientInfo: {
    'what a client subscribes to is told': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a', 'b')
      await consumer.pop()
      const header = { parentTopic: parent, group: 'g', clientId: consumer.broker.client.id, maxCount: 1 }
      const told = liteClientInfoBody.decode((await scene.broker.ask(commands.getLiteClientInfo, header)).body)
      expect(told).toMatchObject({ liteTopicCount: 2, liteTopicSet: [`%LMQ%$${parent}$a`] })
      expect(told.lastAccessTime).toBeGreaterThan(0)
      const unknown = { ...header, clientId: 'nobody' }
      const nothing = liteClientInfoBody.decode((await scene.broker.ask(commands.getLiteClientInfo, unknown)).body)
      expect(nothing).toMatchObject({ liteTopicCount: -1, lastAccessTime: -1 })
      const other = { ...header, group: 'none' }
      expect(await codeOf(scene.broker, commands.getLiteClientInfo, other)).toBe('SUBSCRIPTION_GROUP_NOT_EXIST')
    }),
  },
  getLiteGroupInfo: {
    'how far a group is behind is told, in one lite topic and in those where it is most': withLite(async (scene) => {
      await prepare(scene)
      const consumer = consumerOf(scene)
      await consumer.subscribe('a', 'b')
      for (const body of ['1', '2', '3']) await send(scene.broker, 'a', body)
      await send(scene.broker, 'b', '1')
      const { messages } = await consumer.pop()
      await consumer.ack(messages.find(({ liteTopic, offset }) => liteTopic === 'a' && offset === 0)!)
      const ask = async (fields: { liteTopic?: string; topK?: number }) =>
        liteGroupInfoBody.decode((await scene.broker.ask(commands.getLiteGroupInfo, { group: 'g', ...fields })).body)
      expect(await ask({ topK: 1 })).toMatchObject({
        group: 'g',
        parentTopic: parent,
        totalLagCount: 3,
        lagCountTopK: [{ liteTopic: 'a', lagCount: 2 }],
      })
      expect(await ask({ liteTopic: 'a' })).toMatchObject({
        liteTopic: 'a',
        totalLagCount: 2,
        liteTopicOffsetWrapper: { brokerOffset: 3, consumerOffset: 1 },
      })
      expect(await ask({ liteTopic: 'none' })).toMatchObject({ totalLagCount: -1 })
      await group(scene, 'plain', { 'lite.bind.topic': '' })
      expect(await codeOf(scene.broker, commands.getLiteGroupInfo, { group: 'none' })).toBe(
        'SUBSCRIPTION_GROUP_NOT_EXIST',
      )
    }),
  },
  triggerLiteDispatch: {
    'a client is told at once of what it would be told later': withLite(
      async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        await consumer.subscribe('a', 'b')
        for (const name of ['a', 'b']) await send(scene.broker, name, name)
        const got = await consumer.bodies()
        expect(got).toHaveLength(1)
        await scene.broker.ask(commands.triggerLiteDispatch, { group: 'g' })
        got.push(...(await consumer.bodies()))
        expect(got.sort()).toEqual(['a', 'b'])
        expect(await codeOf(scene.broker, commands.triggerLiteDispatch, { group: 'none' })).toBe(
          'SUBSCRIPTION_GROUP_NOT_EXIST',
        )
      },
      { maxClientEventCount: '1' },
    ),
  },
} satisfies Promises

/** What acknowledgements of lite topics promise beside those of other topics. */
export const liteAcks: Readonly<Record<'ackMessage' | 'changeMessageInvisibletime', Record<string, ProofIn>>> = {
  ackMessage: {
    'a message of a lite topic is acknowledged by its own offset, and by nothing that is no receipt of it': withLite(
      async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        await consumer.subscribe('a')
        for (const body of ['1', '2']) await send(scene.broker, 'a', body)
        const [first, second] = (await consumer.pop()).messages
        const receipt = parsePopReceipt(first!.extraInfo)
        const forged = formatPopReceipt({ ...receipt, popTime: receipt.popTime + 1 })
        expect(await consumer.ack(first!, { extraInfo: forged })).toBe('MESSAGE_ILLEGAL')
        expect(await consumer.ack(first!, { offset: 2 })).toBe('NO_MESSAGE')
        expect(await consumer.ack(first!, { liteTopic: 'none' })).toBe('NO_MESSAGE')
        expect(await consumer.ack(first!, { queueId: 1 })).toBe('INVALID_PARAMETER')
        expect(await consumer.ack(first!, { extraInfo: 'x' })).toBe('INVALID_PARAMETER')
        expect(await consumer.ack(first!, { consumerGroup: 'other' })).toBe('INVALID_PARAMETER')
        for (const message of [first!, second!, first!]) expect(await consumer.ack(message)).toBe('SUCCESS')
        await scene.cluster.sleep(12_000)
        expect(await consumer.bodies()).toEqual([])
        expect(await scene.broker.committedOffset('g', `%LMQ%$${parent}$a`, 0)).toBe(2)
      },
    ),
  },
  changeMessageInvisibletime: {
    'a message of a lite topic comes again at its new time, counted unless that is suspended': withLite(
      async (scene) => {
        await prepare(scene)
        const consumer = consumerOf(scene)
        await consumer.subscribe('a')
        await send(scene.broker, 'a', 'x')
        const again = async (suspend: boolean) => {
          const [message] = (await consumer.pop({ invisibleTime: 60_000, pollTime: 5000 })).messages
          const header = { ...consumer.named(message!), invisibleTime: 1000, suspend }
          const { header: told } = await consumer.broker.ask(commands.changeMessageInvisibletime, header)
          expect(told.reviveQid).toBe(999)
          return message!.count
        }
        expect(await again(false)).toBe(0)
        expect(await again(true)).toBe(1)
        expect(await again(false)).toBe(1)
        expect(await again(false)).toBe(2)
      },
    ),
  },
}
