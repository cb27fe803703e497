import {
  EncodedProperties,
  newSubscriptionGroupConfig,
  newTopicConfig,
  ProtocolError,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { refuseIllegalFlags, refuseMalformedDelay } from '../../src/sending/refused-kinds.ts'
import { type SendHeader, type SendTarget, type SendTargetParts, sendTarget } from '../../src/sending/send-target.ts'
import { SendableTopic } from '../../src/topics/index.ts'

describe('a message', () => {
  test('with flags that only brokers set is refused, and so is a batch that is part of a transaction', () => {
    for (const flags of [-1, -2, 0x80, 0x7fffffff]) {
      expect(() => refuseIllegalFlags(flags, false)).toThrow(/inner batch/)
    }
    for (const flags of [0, 1, 4, 8, 12, 16, 0x100, -0x80000000]) refuseIllegalFlags(flags, false)
    for (const flags of [4, 8, 12]) expect(() => refuseIllegalFlags(flags, true)).toThrow(/transaction/)
    refuseIllegalFlags(1, true)
  })
})

describe('a delay level', () => {
  const withLevel = (level: string) => EncodedProperties.ofText(`DELAY\u0001${level}\u0002`)

  test.each(['0', '1', '-1', '+1', '18', '19', '007', '2147483647', '-2147483648'])('may be %s', (level) => {
    refuseMalformedDelay(withLevel(level))
  })

  test.each(['x', ' 1', '1 ', '1.0', '1e0', '0x1', '2147483648', '-2147483649'])('may not be "%s"', (level) => {
    expect(() => refuseMalformedDelay(withLevel(level))).toThrow(ProtocolError)
    expect(() => refuseMalformedDelay(withLevel(level))).toThrow(`the property DELAY is "${level}"`)
  })

  test('may be left out', () => {
    refuseMalformedDelay(EncodedProperties.ofText('TAGS\u0001DELAY\u0002'))
  })
})

describe('the target of a send', () => {
  const topics = new Map<string, TopicConfig>([['T', newTopicConfig('T', { writeQueueNums: 4, readQueueNums: 4 })]])
  const created: string[] = []
  const parts: SendTargetParts = {
    topics: {
      checkSendable: (topic) => {
        const config = topics.get(topic)
        return config && new SendableTopic(config)
      },
      autoCreate(topic, _defaultTopic, queueNums, topicSysFlag) {
        if (!topic.endsWith('AUTO')) return undefined
        created.push(`${topic} ${topicSysFlag}`)
        return newTopicConfig(topic, { writeQueueNums: queueNums })
      },
      ensureInternal(topic, queueNums, topicSysFlag) {
        created.push(`${topic} of a group ${topicSysFlag}`)
        return newTopicConfig(topic, { writeQueueNums: queueNums })
      },
    },
    locks: { hasLocks: () => false },
    groups: { find: (group) => (group === 'G' ? newSubscriptionGroupConfig('G', { retryMaxTimes: 2 }) : undefined) },
    random: { below: (limit) => limit - 1 },
    brokerPermission: () => 6,
  }
  const header = { topic: 'T', defaultTopic: 'TBW102', defaultTopicQueueNums: 4, queueId: 1 }
  const target = (one: SendHeader, changes: Partial<SendTargetParts> = {}, version = 513): SendTarget =>
    sendTarget(
      one,
      parts.topics.checkSendable(one.topic),
      { ...parts, ...changes },
      {
        request: { version },
        connection: { remoteAddress: '127.0.0.1:1' },
      },
    )

  test('is the asked queue, or any when none is asked', () => {
    expect(target(header)).toMatchObject({ topic: 'T', queueId: 1, memo: { topic: 'T' } })
    expect(target({ ...header, queueId: -1 }).queueId).toBe(3)
  })

  test('must exist', () => {
    expect(() => target({ ...header, queueId: 4 })).toThrow(/queue 4 of T does not exist/)
    expect(() => target({ ...header, topic: 'NONE' })).toThrow(/topic\[NONE\] not exist/)
    expect(target({ ...header, topic: 'AUTO' }).topic).toBe('AUTO')
  })

  test('is made for a producer of a unit with the flag of units', () => {
    created.length = 0
    for (const unitMode of [undefined, false, true]) target({ ...header, topic: 'AUTO', unitMode })
    expect(created).toEqual(['AUTO 0', 'AUTO 0', 'AUTO 1'])
    created.length = 0
    target({ ...header, topic: '%RETRY%G', queueId: 0, unitMode: true })
    target({ ...header, topic: '%DLQ%AUTO', queueId: 0, unitMode: true })
    expect(created).toEqual(['%RETRY%G of a group 2', '%DLQ%AUTO 2'])
  })

  test('may be a queue that is only read, which producers with an old route send to', () => {
    topics.set('SHRINKING', newTopicConfig('SHRINKING', { writeQueueNums: 2, readQueueNums: 4 }))
    const shrinking = { ...header, topic: 'SHRINKING' }
    expect(target({ ...shrinking, queueId: 3 }).queueId).toBe(3)
    expect(() => target({ ...shrinking, queueId: 4 })).toThrow(/queue 4 of SHRINKING does not exist/)
    expect(target({ ...shrinking, queueId: -1 }).queueId).toBe(1)
  })

  test.each([-1, -2_147_483_648])('is none of a topic without queues to write to, when %d asks for any', (queueId) => {
    topics.set('NO_WRITE', newTopicConfig('NO_WRITE', { writeQueueNums: 0, readQueueNums: 2 }))
    expect(() => target({ ...header, topic: 'NO_WRITE', queueId })).toThrow(/NO_WRITE has no queue to write to/)
  })

  test('has the limit of redeliveries of its group, or the one that the sender gives, in a retry topic alone', () => {
    const retry = { ...header, topic: '%RETRY%G', queueId: 0 }
    expect(target(retry)).toMatchObject({ topic: '%RETRY%G', redeliveriesMax: 2 })
    expect(target({ ...retry, maxReconsumeTimes: 5 }).redeliveriesMax).toBe(5)
    expect(target(header).redeliveriesMax).toBe(Number.POSITIVE_INFINITY)
    expect(() => target({ ...retry, topic: '%RETRY%X' })).toThrow(/subscription group not exist/)
  })

  test('has the limit of the group alone for clients before V3_4_9', () => {
    const retry = { ...header, topic: '%RETRY%G', queueId: 0, maxReconsumeTimes: 0 }
    expect(target(retry, {}, 120).redeliveriesMax).toBe(2)
    expect(target(retry, {}, 121).redeliveriesMax).toBe(0)
  })

  test('is none when the broker takes no messages', () => {
    expect(() => target(header, { brokerPermission: () => 4 })).toThrow(/brokerPermission/)
  })
})
