import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { traceRecord } from '../../src/message/trace-records.ts'

const message = {
  regionId: 'r',
  group: 'g',
  topic: 't',
  messageId: 'id',
  tags: 'tag',
  keys: 'k1 k2',
  storeHost: '127.0.0.1:1',
  messageType: 0,
} as const

describe('a trace record', () => {
  test('has the fields of the official clients, in their order', () => {
    const stored = { kind: 'stored', ...message, bodyLength: 3, costMs: 4.4, offsetMessageId: 'o' } as const
    expect(traceRecord(stored, 5).split('\u0001')).toEqual([
      'Pub',
      '5',
      'r',
      'g',
      't',
      'id',
      'tag',
      'k1 k2',
      '127.0.0.1:1',
      '3',
      '4',
      '0',
      'o',
      'true\u0002',
    ])
    const ended = {
      kind: 'transaction',
      ...message,
      messageType: 2,
      state: 'COMMIT_MESSAGE',
      fromCheck: false,
    } as const
    expect(traceRecord(ended, 5).split('\u0001')).toEqual([
      'EndTransaction',
      '5',
      'r',
      'g',
      't',
      'id',
      'tag',
      'k1 k2',
      '127.0.0.1:1',
      '2',
      'id',
      'COMMIT_MESSAGE',
      'false\u0002',
    ])
  })

  test('tells when a consumer begins and ends, by one request', () => {
    const step = { group: 'g', messageId: 'id', keys: 'k', requestId: 'q' } as const
    const begun = traceRecord({ kind: 'handling', regionId: 'r', retries: 2, ...step }, 5)
    expect(begun.split('\u0001')).toEqual(['SubBefore', '5', 'r', 'g', 'q', 'id', '2', 'k\u0002'])
    const ended = traceRecord({ kind: 'handled', costMs: 7, outcome: 'exception', ...step }, 6)
    expect(ended.split('\u0001')).toEqual(['SubAfter', 'q', 'id', '7', 'false', 'k', '2', '6', 'g\u0002'])
  })

  test('is one record with so many fields, whatever a message says of itself', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer(), (keys, topic, costMs) => {
        const record = traceRecord(
          { kind: 'stored', ...message, keys, topic, bodyLength: 0, costMs, offsetMessageId: '' },
          1,
        )
        expect(record.split('\u0001')).toHaveLength(14)
        expect(record.indexOf('\u0002')).toBe(record.length - 1)
        expect(Number(record.split('\u0001')[10])).toBeGreaterThanOrEqual(0)
      }),
    )
    expect(
      traceRecord(
        { kind: 'stored', ...message, keys: 'a\u0001b\u0002', bodyLength: 0, costMs: 0, offsetMessageId: '' },
        1,
      ),
    ).toContain('a b ')
  })
})
