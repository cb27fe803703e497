import {
  decodeMessageProperties,
  EncodedProperties,
  newSubscriptionGroupConfig,
  newTopicConfig,
  ProtocolError,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import type { StoreMessage } from '@rocketmq-ts/storage'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkSizes } from '../../src/sending/check-message.ts'
import { delayed } from '../../src/sending/delay-transform.ts'
import { withProperties } from '../../src/sending/property-text.ts'
import { refuseUnservedKinds } from '../../src/sending/refused-kinds.ts'
import { type SendHeader, type SendTarget, type SendTargetParts, sendTarget } from '../../src/sending/send-target.ts'
import { sendableTopic } from '../../src/topics/index.ts'

function withText(text: string): StoreMessage {
  return { ...stored, properties: EncodedProperties.ofText(text) }
}

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

describe('properties', () => {
  test('are set, replaced and removed, and the others stay', () => {
    const name = fc.stringMatching(/^[A-Z_]{1,6}$/)
    const value = fc.stringMatching(/^[a-z0-9]{1,6}$/)
    fc.assert(
      fc.property(
        fc.dictionary(name, value),
        fc.dictionary(name, fc.option(value, { nil: undefined })),
        (given, changes) => {
          const text = Object.entries(given)
            .map(([key, one]) => `${key}\u0001${one}\u0002`)
            .join('')
          const expected = new Map(Object.entries(given))
          for (const [key, one] of Object.entries(changes)) {
            if (one === undefined) expected.delete(key)
            else expected.set(key, one)
          }
          expect(decodeMessageProperties(withProperties(text, changes))).toEqual(expected)
          expect(decodeMessageProperties(withProperties(text.slice(0, -1), changes))).toEqual(expected)
        },
      ),
    )
  })
})

describe('a delay level', () => {
  test('sends the message to the queue of its level and keeps where it belongs', () => {
    const memo = sendableTopic(newTopicConfig('T'))
    const message = delayed({ ...withText('DELAY\u00012\u0002'), memo }, 18)
    expect(message).toMatchObject({ topic: 'SCHEDULE_TOPIC_XXXX', queueId: 1, memo: undefined })
    expect(decodeMessageProperties(message.properties.text)).toEqual(
      new Map([
        ['DELAY', '2'],
        ['REAL_TOPIC', 'T'],
        ['REAL_QID', '3'],
      ]),
    )
  })

  test('above the highest counts as the highest, and 0 or nonsense as none', () => {
    expect(delayed(withText('DELAY\u000199\u0002'), 18).queueId).toBe(17)
    for (const level of ['0', '-1', 'x']) {
      expect(delayed(withText(`DELAY\u0001${level}\u0002`), 18).topic).toBe('T')
    }
  })
})

describe('a message', () => {
  test('that is too large is refused with the limit', () => {
    expect(() => checkSizes(11, 10, 0)).toThrow(/11 bytes is over 10/)
    expect(() => checkSizes(1, 10, 32_768)).toThrow(/32768 bytes are over 32767/)
    checkSizes(10, 10, 32_767)
  })

  test('of a kind that is not served yet is refused, not delivered as an ordinary one', () => {
    expect(() => refuseUnservedKinds(EncodedProperties.ofText('TRAN_MSG\u0001true\u0002'))).toThrow(ProtocolError)
    expect(() => refuseUnservedKinds(EncodedProperties.ofText('TIMER_DELAY_MS\u000110\u0002'))).toThrow(
      /TIMER_DELAY_MS/,
    )
    refuseUnservedKinds(EncodedProperties.ofText('TIMER_DELAY_MS\u000110\u0002DELAY\u00011\u0002'))
  })
})

describe('the target of a send', () => {
  const topics = new Map<string, TopicConfig>([['T', newTopicConfig('T', { writeQueueNums: 4 })]])
  const created: string[] = []
  const parts: SendTargetParts = {
    topics: {
      checkSendable: (topic) => {
        const config = topics.get(topic)
        return config && sendableTopic(config)
      },
      autoCreate: (topic, _defaultTopic, queueNums) =>
        topic === 'AUTO' ? newTopicConfig(topic, { writeQueueNums: queueNums }) : undefined,
      ensureInternal(topic, queueNums) {
        created.push(topic)
        return newTopicConfig(topic, { writeQueueNums: queueNums })
      },
    },
    groups: { find: (group) => (group === 'G' ? newSubscriptionGroupConfig('G', { retryMaxTimes: 2 }) : undefined) },
    random: { below: (limit) => limit - 1 },
    brokerPermission: () => 6,
  }
  const header = { topic: 'T', defaultTopic: 'TBW102', defaultTopicQueueNums: 4, queueId: 1 }
  const target = (one: SendHeader, changes: Partial<SendTargetParts> = {}): SendTarget =>
    sendTarget(one, parts.topics.checkSendable(one.topic), { ...parts, ...changes })

  test('is the asked queue, or any when none is asked', () => {
    expect(target(header)).toMatchObject({ topic: 'T', queueId: 1, isDeadLetter: false, memo: { topic: 'T' } })
    expect(target({ ...header, queueId: -1 }).queueId).toBe(3)
  })

  test('must exist', () => {
    expect(() => target({ ...header, queueId: 4 })).toThrow(/queue 4 of T does not exist/)
    expect(() => target({ ...header, topic: 'NONE' })).toThrow(/topic\[NONE\] not exist/)
    expect(target({ ...header, topic: 'AUTO' }).topic).toBe('AUTO')
  })

  test('is the dead letter topic when a group was sent the message often enough', () => {
    const retry = { ...header, topic: '%RETRY%G', queueId: 0 }
    expect(target({ ...retry, reconsumeTimes: 1 })).toMatchObject({ topic: '%RETRY%G', isDeadLetter: false })
    expect(target({ ...retry, reconsumeTimes: 2 })).toMatchObject({ topic: '%DLQ%G', isDeadLetter: true })
    expect(target({ ...retry, reconsumeTimes: 2, maxReconsumeTimes: 5 }).isDeadLetter).toBe(false)
    expect(() => target({ ...retry, topic: '%RETRY%X' })).toThrow(/subscription group not exist/)
  })

  test('is none when the broker takes no messages', () => {
    expect(() => target(header, { brokerPermission: () => 4 })).toThrow(/brokerPermission/)
  })
})
