import { EncodedProperties, encodeMessageProperties } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { refuseOtherKind } from '../../src/sending/message-kind.ts'

const types = ['NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'PRIORITY', 'LITE', 'UNSPECIFIED', 'MIXED']

/** The types of topics that take a message. */
function takenBy(properties: Record<string, string>): string[] {
  const encoded = EncodedProperties.ofText(encodeMessageProperties(Object.entries(properties)))
  return types.filter((type) => {
    try {
      refuseOtherKind('T', new Map([['message.type', type]]), encoded)
      return true
    } catch {
      return false
    }
  })
}

describe('a topic that takes messages of its type alone', () => {
  test.each<[string, Record<string, string>]>([
    ['NORMAL', { KEYS: 'k', TRAN_MSG: 'false' }],
    ['TRANSACTION', { TRAN_MSG: 'TRUE', DELAY: '1', __SHARDINGKEY: 'k' }],
    ['DELAY', { DELAY: '1', __SHARDINGKEY: 'k' }],
    ['DELAY', { TIMER_DELAY_SEC: '1' }],
    ['DELAY', { TIMER_DELAY_MS: '1' }],
    ['DELAY', { TIMER_DELIVER_MS: '1' }],
    ['FIFO', { __SHARDINGKEY: 'k', _SYS_MSG_PRIORITY_: '1' }],
    ['PRIORITY', { _SYS_MSG_PRIORITY_: '1' }],
    ['LITE', { __LITE_TOPIC: 'l' }],
  ])('takes %s messages, and so does one of all types (%j)', (kind, properties) => {
    expect(takenBy(properties)).toEqual([kind, 'MIXED'])
  })

  test('is NORMAL without a type, and takes all when it is of a group', () => {
    const delayed = EncodedProperties.ofText('DELAY\u00011\u0002')
    refuseOtherKind('T', undefined, EncodedProperties.ofText(''))
    expect(() => refuseOtherKind('T', undefined, delayed)).toThrow(/expected type is NORMAL, but actual type is DELAY/)
    refuseOtherKind('%RETRY%g', new Map(), delayed)
    refuseOtherKind('%DLQ%g', new Map(), delayed)
  })
})
