import { SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import {
  commands,
  decodeMessageProperties,
  encodeBatchBody,
  encodeHost,
  newSubscriptionGroupConfig,
  newTopicConfig,
} from '@rocketmq-ts/protocol'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import { describe, expect, test } from 'vitest'
import { Intake } from '../../src/intake/intake.ts'
import { BrokerProperties } from '../../src/sending/broker-properties.ts'
import { sendMessage } from '../../src/sending/handlers/send-message.ts'
import type { SendParts } from '../../src/sending/send-parts.ts'
import { SendableTopic } from '../../src/topics/index.ts'
import { ask } from '../call-kit.ts'

const host = encodeHost('127.0.0.1', 10911)
const uniqueKey = `UNIQ_KEY\u0001${'U'.repeat(32)}\u0002`
const missing = { topic: 'MISSING', defaultTopic: 'none' }
const twoMessages = encodeBatchBody([1, 2].map((flag) => batched(flag, '')))

function batched(flag: number, properties: string) {
  return { flag, body: Buffer.from('b'), propertiesBytes: Buffer.from(properties) }
}

function setUp(settings: { startAcceptSendRequestTimeStamp?: number } = {}) {
  const stored: StoreMessage[] = []
  const topics = {
    checkSendable: (topic: string) => (topic === missing.topic ? undefined : new SendableTopic(newTopicConfig(topic))),
    autoCreate: () => undefined,
    ensureInternal: (topic: string) => newTopicConfig(topic),
  }
  const intake = { topics, highestDelayLevel: 18, bodyBytesMax: () => 4096 }
  const parts: SendParts = {
    topics,
    locks: { hasLocks: () => false },
    groups: { find: (group) => newSubscriptionGroupConfig(group, { retryMaxTimes: 2 }) },
    random: new SeededRandom(1),
    brokerPermission: () => 6,
    sink: {
      put(messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void) {
        stored.push(...messages)
        const place = { physicalOffset: 0, queueOffset: 7, totalSize: 1, storeTimestamp: 1 }
        done({ kind: 'stored', places: messages.map(() => place) })
      },
    },
    whenRegistered: async () => {},
    putWhole(batch, _, done) {
      stored.push(batch)
      done({ kind: 'stored', places: [{ physicalOffset: 0, queueOffset: 7, totalSize: 1, storeTimestamp: 1 }] })
    },
    clock: new SteppedClock(),
    sendOnce: undefined,
    storeHost: host,
    storeHostHex: host.toString('hex'),
    compactedBytesMax: 100_000,
    brokerName: 'broker-a',
    brokerProperties: new BrokerProperties('c'),
    settings: () => ({
      maxMessageSize: 4096,
      traceOn: false,
      regionId: '',
      rejectTransactionMessage: false,
      enableTopicMessageTypeCheck: false,
      brokerIP1: '127.0.0.1',
      startAcceptSendRequestTimeStamp: 0,
      ...settings,
    }),
    uniqueId: () => 'U',
    intake: new Intake('send', intake),
    batchIntake: new Intake('batch', intake),
  }
  const handle = sendMessage(parts)
  const send = (fields: Partial<Parameters<typeof handle>[0]>, body: Buffer = Buffer.from('b')) => {
    const header = commands.sendMessage.requestCodec.decode({
      ...{ producerGroup: 'p', topic: 'T', defaultTopic: 'TBW102', defaultTopicQueueNums: '8', queueId: '1' },
      ...{ sysFlag: '0', bornTimestamp: '1', flag: '0', properties: '' },
    })
    return ask(handle, { ...header, ...fields }, { body })
  }
  return { stored, send, clock: parts.clock }
}

describe('a send', () => {
  test('of a delayed message is answered with the queue that it will be found in', async () => {
    const { stored, send } = setUp()
    expect((await send({ properties: 'DELAY\u00013\u0002' })).header).toMatchObject({ queueId: 1, queueOffset: 7 })
    expect(stored).toMatchObject([{ topic: 'SCHEDULE_TOPIC_XXXX', queueId: 2 }])
  })

  test('to a retry topic goes to the dead letters when it was redelivered more often than it may be', async () => {
    const { stored, send } = setUp()
    const retry = { topic: '%RETRY%G', queueId: 1 }
    expect((await send({ ...retry, reconsumeTimes: 2 })).header).toMatchObject({ queueId: 1 })
    expect((await send({ ...retry, reconsumeTimes: 3 })).header).toMatchObject({ queueId: 0 })
    expect((await send({ ...retry, reconsumeTimes: 3, maxReconsumeTimes: 3 })).header).toMatchObject({ queueId: 1 })
    expect(stored.map(({ topic }) => topic)).toEqual(['%RETRY%G', '%DLQ%G', '%RETRY%G'])
  })

  test('is refused when its properties are too large with what the broker adds for its delay', async () => {
    const { stored, send } = setUp()
    const sizes = Array.from({ length: 200 }, (_, index) => 32_500 + index)
    for (const size of sizes) {
      const { code } = await send({ properties: `${uniqueKey}DELAY\u00011\u0002X\u0001${'x'.repeat(size)}\u0002` })
      expect([0, 13]).toContain(code)
    }
    const largest = stored.at(-1)!.properties
    expect(largest.bytes.length).toBe(32_767)
    expect(decodeMessageProperties(largest.text).get('REAL_TOPIC')).toBe('T')
  })
})

describe.each([
  ['one message', false, Buffer.from('b')],
  ['a batch', true, twoMessages],
])('a send of %s', (_name, batch, body) => {
  test('is refused before the time from which the broker takes messages, whatever it holds', async () => {
    const { send, clock } = setUp({ startAcceptSendRequestTimeStamp: new SteppedClock().now() + 1000 })
    expect(await send({ batch, ...missing }, Buffer.alloc(5000))).toMatchObject({
      code: 1,
      remark: /unable to service/,
    })
    expect(clock.now()).toBe(new SteppedClock().now())
  })

  test('finds its topic missing, or its queue, before it is too large', async () => {
    const { send } = setUp()
    const large = Buffer.alloc(5000)
    expect((await send({ batch, ...missing }, large)).code).toBe(17)
    expect((await send({ batch, queueId: 99 }, large)).code).toBe(29)
    expect((await send({ batch }, large)).code).toBe(13)
  })

  test('with the flag of an inner batch is refused', async () => {
    const { stored, send } = setUp()
    for (const sysFlag of [-1, 0x80]) expect((await send({ batch, sysFlag }, body)).code).toBe(13)
    expect(stored).toEqual([])
    expect((await send({ batch, sysFlag: 1 }, body)).code).toBe(0)
  })
})

describe('a batch', () => {
  test.each([
    ['its own properties', `${uniqueKey}DELAY\u00011\u0002`, ''],
    ['those of a message', uniqueKey, 'DELAY\u00011\u0002'],
    ['those of a message, and no id', '', 'DELAY\u00011\u0002'],
  ])('with a delay level in %s is refused with what to do', async (_name, properties, inner) => {
    const { stored, send } = setUp()
    const body = encodeBatchBody([batched(1, ''), batched(2, inner)])
    const { code, remark } = await send({ batch: true, properties }, body)
    expect(code).toBe(13)
    expect(remark).toBe('a batch takes no delayed messages (DELAY): send them one by one')
    expect(stored).toEqual([])
  })

  test('with a delay level that means none is stored', async () => {
    const { stored, send } = setUp()
    expect((await send({ batch: true, properties: 'DELAY\u00010\u0002' }, twoMessages)).code).toBe(0)
    expect(stored).toHaveLength(2)
  })
})
