import { describe, expect, test } from 'vitest'
import {
  formatMessageOffsets,
  formatPopReceipt,
  formatStartOffsets,
  PopReceiptError,
  parsePopReceipt,
  popConsumedTopic,
  popRetryTopicOf,
  popSourceOf,
  popTopicOf,
} from '../../src/index.ts'

describe('a receipt of POP', () => {
  test('is written as RocketMQ writes it', () => {
    const receipt = {
      ...{ startOffset: 3, popTime: 1_700_000_000_000, invisibleTime: 60_000, reviveQueueId: 2 },
      ...{ source: '1' as const, brokerName: 'broker-a', queueId: 4, queueOffset: 5 },
    }
    expect(formatPopReceipt(receipt)).toBe('3 1700000000000 60000 2 1 broker-a 4 5')
    expect(parsePopReceipt('3 1700000000000 60000 2 1 broker-a 4 5')).toEqual(receipt)
  })

  test('may leave out the offset of its message, and have more parts behind it', () => {
    expect(parsePopReceipt('3 1 2 0 0 b 4').queueOffset).toBeUndefined()
    expect(parsePopReceipt('3 1 2 0 0 b 4 5 -1').queueOffset).toBe(5)
  })

  test.each([
    ['', 'parts'],
    ['1 2 3 4 0 b', 'parts'],
    ['-1 2 3 4 0 b 5', 'startOffset'],
    ['1 x 3 4 0 b 5', 'popTime'],
    ['1 2 1.5 4 0 b 5', 'invisibleTime'],
    ['1 2 3 2147483648 0 b 5', 'reviveQueueId'],
    ['1 2 3 4 3 b 5', 'source'],
    ['9223372036854775807 2 3 4 0 b 5', 'startOffset'],
    [`1 2 3 4 0 ${'b'.repeat(1100)} 5`, 'characters'],
  ])('that is "%s" is refused for its %s', (text, what) => {
    expect(() => parsePopReceipt(text)).toThrow(PopReceiptError)
    expect(() => parsePopReceipt(text)).toThrow(what)
  })
})

describe('retry topics of POP', () => {
  test('have two names, and tell what is consumed', () => {
    expect(popRetryTopicOf('g', 'T', '1')).toBe('%RETRY%g_T')
    expect(popRetryTopicOf('g', 'T', '2')).toBe('%RETRY%g+T')
    for (const source of ['0', '1', '2'] as const) {
      expect(popSourceOf(popTopicOf('g', 'T', source))).toBe(source)
      expect(popConsumedTopic('g', popTopicOf('g', 'T', source))).toBe('T')
    }
  })
})

test('an answer tells of each queue where its reading began, and which messages came', () => {
  const queues = [
    { source: '0' as const, queueId: 1, startOffset: 5, offsets: [5, 7] },
    { source: '1' as const, queueId: 0, startOffset: 2, offsets: [2] },
  ]
  expect(formatStartOffsets(queues)).toBe('0 1 5;1 0 2')
  expect(formatMessageOffsets(queues)).toBe('0 1 5,7;1 0 2')
})
