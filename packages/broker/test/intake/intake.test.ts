import { decodeMessageProperties, EncodedProperties, newTopicConfig } from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import { describe, expect, test } from 'vitest'
import { Intake } from '../../src/intake/intake.ts'
import type { Origin } from '../../src/intake/transforms.ts'
import { SendableTopic } from '../../src/topics/index.ts'

const stored: StoreMessage = {
  topic: 'T',
  queueId: 3,
  flag: 0,
  sysFlag: 0,
  bornTimestamp: 1,
  bornHost: Buffer.alloc(8),
  storeHost: Buffer.alloc(8),
  reconsumeTimes: 0,
  preparedTransactionOffset: 0,
  body: Buffer.from('b'),
  properties: EncodedProperties.ofText(''),
}

function withText(text: string): StoreMessage {
  return { ...stored, properties: EncodedProperties.ofText(text) }
}

function intake(origin: Origin, bodyBytesMax?: number) {
  const ensured: string[] = []
  const topics = {
    ensureInternal(topic: string) {
      ensured.push(topic)
      return newTopicConfig(topic)
    },
  }
  const parts = { topics, highestDelayLevel: 18, timer: { outMs: () => timerOutMs } }
  const limits = bodyBytesMax === undefined ? {} : { bodyBytesMax: () => bodyBytesMax }
  return { ensured, intake: new Intake(origin, { ...parts, ...limits }) }
}

let timerOutMs: number | undefined = 7000

function take(message: StoreMessage, origin: Origin = 'send', redeliveriesMax?: number): StoreMessage {
  return intake(origin).intake.take(message, redeliveriesMax)
}

test.each<Origin>(['send', 'batch', 'send-back', 'due'])('an ordinary message of a %s is stored as it is', (origin) => {
  const message = withText('TAGS\u0001a\u0002')
  expect(take(message, origin)).toBe(message)
})

describe('a delay level', () => {
  test('sends the message to the queue of its level and keeps where it belongs', () => {
    const handle = new SendableTopic(newTopicConfig('T'))
    const message = take({ ...withText('DELAY\u00012\u0002'), handle })
    expect(message).toMatchObject({ topic: 'SCHEDULE_TOPIC_XXXX', queueId: 1, handle: undefined })
    expect(decodeMessageProperties(message.properties.text)).toEqual(
      new Map([
        ['DELAY', '2'],
        ['REAL_TOPIC', 'T'],
        ['REAL_QID', '3'],
      ]),
    )
  })

  test('above the highest counts as the highest, and 0 or nonsense as none', () => {
    expect(take(withText('DELAY\u000199\u0002')).queueId).toBe(17)
    for (const level of ['0', '-1', 'x']) expect(take(withText(`DELAY\u0001${level}\u0002`)).topic).toBe('T')
  })

  test('of a message that is due is over', () => {
    const message = withText('DELAY\u00012\u0002REAL_TOPIC\u0001T\u0002REAL_QID\u00013\u0002')
    expect(take(message, 'due')).toBe(message)
  })
})

describe('a time', () => {
  const timed = withText('TIMER_DELIVER_MS\u00017500\u0002')

  test('sends the message to the topic of the timer and keeps where it belongs', () => {
    const handle = new SendableTopic(newTopicConfig('T'))
    const message = take({ ...timed, handle })
    expect(message).toMatchObject({ topic: 'rmq_sys_wheel_timer', queueId: 0, handle: undefined })
    expect(decodeMessageProperties(message.properties.text)).toEqual(
      new Map([
        ['TIMER_DELIVER_MS', '7500'],
        ['TIMER_OUT_MS', '7000'],
        ['REAL_TOPIC', 'T'],
        ['REAL_QID', '3'],
      ]),
    )
  })

  test('that has passed changes nothing', () => {
    timerOutMs = undefined
    expect(take(timed)).toBe(timed)
    timerOutMs = 7000
  })

  test('counts for nothing beside a delay level, and goes', () => {
    const message = take(withText('DELAY\u00012\u0002TIMER_DELAY_SEC\u00011\u0002TIMER_DELAY_MS\u00011\u0002'))
    expect(message.topic).toBe('SCHEDULE_TOPIC_XXXX')
    expect([...decodeMessageProperties(message.properties.text).keys()]).toEqual(['DELAY', 'REAL_TOPIC', 'REAL_QID'])
  })

  test('counts once: a message that the timer had is not delayed again', () => {
    const delivered = withText('TIMER_DELAY_SEC\u00011\u0002TIMER_OUT_MS\u00017000\u0002')
    expect(take(delivered, 'send-back')).toBe(delivered)
  })

  test.each([4, 12])('of a message of a transaction waits until that is committed (sysFlag %i)', (sysFlag) => {
    const half = { ...timed, sysFlag }
    expect(take(half)).toBe(half)
    expect(take({ ...timed, sysFlag: 8 }).topic).toBe('rmq_sys_wheel_timer')
  })
})

describe('a message to a retry topic', () => {
  const retry = { ...withText('DELAY\u00012\u0002TAGS\u0001a\u0002'), topic: '%RETRY%G' }

  test.each<[Origin, string]>([
    ['send', '-1'],
    ['send-back', '0'],
  ])(
    'of a %s goes to the dead letters after the last redelivery, with the delay level %s, which is none',
    (origin, level) => {
      const { ensured, intake: taking } = intake(origin)
      const message = taking.take({ ...retry, reconsumeTimes: 3 }, 2)
      expect(message).toMatchObject({ topic: '%DLQ%G', queueId: 0, reconsumeTimes: 3 })
      expect(decodeMessageProperties(message.properties.text)).toEqual(
        new Map([
          ['TAGS', 'a'],
          ['DELAY', level],
        ]),
      )
      expect(ensured).toEqual(['%DLQ%G'])
    },
  )

  test('is delivered again as long as it may be', () => {
    const message = take({ ...retry, reconsumeTimes: 2 }, 'send', 2)
    expect(message.topic).toBe('SCHEDULE_TOPIC_XXXX')
    expect(decodeMessageProperties(message.properties.text).get('REAL_TOPIC')).toBe('%RETRY%G')
  })
})

describe('a message', () => {
  test('that is too large is refused with the limit', () => {
    const large = { ...withText('x'.repeat(32_767)), body: Buffer.alloc(10) }
    expect(intake('send', 10).intake.take(large)).toBe(large)
    expect(() => intake('send', 9).intake.take(large)).toThrow(/body of 10 bytes is over 9/)
    expect(() => take(withText('x'.repeat(32_768)))).toThrow(/32768 bytes, .* are over 32767/)
  })

  test.each<Origin>(['send', 'send-back'])('of a %s is too large with all that it has when it is stored', (origin) => {
    const added = 'REAL_TOPIC\u0001T\u0002REAL_QID\u00013\u0002'.length
    const delayed = (bytes: number) => withText(`DELAY\u00011\u0002X\u0001${'x'.repeat(bytes - added - 11)}\u0002`)
    expect(take(delayed(32_767), origin).properties.bytes.length).toBe(32_767)
    expect(() => take(delayed(32_768), origin)).toThrow(expect.objectContaining({ responseCode: 'MESSAGE_ILLEGAL' }))
  })
})
