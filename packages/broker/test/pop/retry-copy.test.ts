import {
  type DecodedMessage,
  decodeMessageProperties,
  decodeMessages,
  encodeHost,
  recordBytes,
  writeRecord,
} from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import type { Checkpoint } from '../../src/pop/receipts.ts'
import { retryCopy } from '../../src/pop/retry-copy.ts'
import { recordInLightQueue, shownRecord } from '../../src/pop/shown-record.ts'

const host = encodeHost('127.0.0.1', 10911)
const place = { topic: '%RETRY%g_T', queueId: 0, storeHost: host }
const checkpoint: Checkpoint = {
  ...{ topic: 'T', group: 'g', queueId: 0, startOffset: 5, popTime: 1_700_000_000_000, invisibleTime: 1000 },
  ...{ offsets: [5], reviveQueueId: 0, isSuspended: false },
}

function recordWith(properties: string, topic = '%RETRY%g_T'): Buffer {
  const message = {
    ...{ topicBytes: Buffer.from(topic), queueId: 0, flag: 7, sysFlag: 0, bornTimestamp: 1, bornHost: host },
    ...{ storeHost: host, reconsumeTimes: 2, preparedTransactionOffset: 0, body: Buffer.from('body') },
    propertiesBytes: Buffer.from(properties),
  }
  const bytes = Buffer.alloc(recordBytes(message))
  writeRecord(bytes, 0, bytes.length, message, 5, 4096, 2)
  return bytes
}

const messageWith = (properties: string): DecodedMessage => decodeMessages(recordWith(properties))[0]!

function copied(properties: string, changes: Partial<Checkpoint> = {}) {
  const copy = retryCopy(messageWith(properties), { ...checkpoint, ...changes }, place)
  return { copy, properties: Object.fromEntries(decodeMessageProperties(copy.properties.text)) }
}

describe('a message that comes again', () => {
  test('keeps what it has, counts one delivery more, and says when it was first given to which group', () => {
    const { copy, properties } = copied('KEYS\u0001k\u0002TAGS\u0001a\u0002')
    expect(copy).toMatchObject({ topic: '%RETRY%g_T', queueId: 0, reconsumeTimes: 3, flag: 7 })
    expect(String(copy.body)).toBe('body')
    expect(properties).toEqual({ KEYS: 'k', TAGS: 'a', '1ST_POP_TIME': '1700000000000', ORIGIN_GROUP: 'g' })
  })

  test('keeps the time of its first delivery', () => {
    expect(copied('1ST_POP_TIME\u00015\u0002').properties['1ST_POP_TIME']).toBe('5')
  })

  test('that was suspended counts as many deliveries as before', () => {
    expect(copied('', { isSuspended: true }).copy.reconsumeTimes).toBe(2)
  })

  test('comes although its properties have no room for more', () => {
    const full = `KEYS\u0001${'k'.repeat(32_760)}\u0002`
    expect(copied(full).copy.properties.text).toBe(full)
  })
})

describe('a message of a retry topic is shown', () => {
  const receipt = {
    ...{ startOffset: 5, popTime: 1, invisibleTime: 1000, reviveQueueId: 0, source: '1' as const },
    ...{ brokerName: 'b', queueId: 0, queueOffset: 5 },
  }

  test('under the topic that is consumed, with its receipt', () => {
    const [shown] = decodeMessages(shownRecord(recordWith('KEYS\u0001k\u0002'), 0, 'T', receipt))
    expect(shown).toMatchObject({ topic: 'T', queueOffset: 5, physicalOffset: 4096, reconsumeTimes: 2, flag: 7 })
    expect(Object.fromEntries(decodeMessageProperties(shown!.properties))).toEqual({
      KEYS: 'k',
      POP_CK: '5 1 1000 0 1 b 0 5',
    })
  })

  test('whatever the length of the topic, and of the retry topic', () => {
    for (const topic of ['T', 'T'.repeat(127)]) {
      const [shown] = decodeMessages(shownRecord(recordWith('', `%RETRY%g_${topic}`), 0, topic, receipt))
      expect(shown!.topic).toBe(topic)
    }
  })

  test('with its receipt and without properties of users when there is no room for all', () => {
    const [shown] = decodeMessages(
      shownRecord(recordWith(`TAGS\u0001a\u0002u\u0001${'x'.repeat(32_750)}\u0002`), 0, 'T', receipt),
    )
    expect(Object.fromEntries(decodeMessageProperties(shown!.properties))).toEqual({
      TAGS: 'a',
      POP_CK: '5 1 1000 0 1 b 0 5',
    })
  })
})

describe('a message that is given of a light queue', () => {
  const record = recordWith(
    'KEYS\u0001k\u0002INNER_MULTI_DISPATCH\u0001%LMQ%a,%LMQ%b\u0002INNER_MULTI_QUEUE_OFFSET\u00013,12\u0002',
  )

  test('names no other one', () => {
    const [shown] = decodeMessages(recordInLightQueue(record, '%LMQ%b', 12))
    expect(shown).toMatchObject({
      topic: '%RETRY%g_T',
      queueOffset: 5,
      physicalOffset: 4096,
      reconsumeTimes: 2,
      flag: 7,
    })
    expect(String(shown!.body)).toBe('body')
    expect(Object.fromEntries(decodeMessageProperties(shown!.properties))).toEqual({
      KEYS: 'k',
      INNER_MULTI_DISPATCH: '%LMQ%b',
      INNER_MULTI_QUEUE_OFFSET: '12',
    })
  })

  test('stays as it is stored when it names that alone', () => {
    const alone = recordInLightQueue(record, '%LMQ%a', 3)
    expect(recordInLightQueue(alone, '%LMQ%a', 3)).toBe(alone)
  })
})
