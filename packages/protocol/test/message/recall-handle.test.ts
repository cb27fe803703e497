import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRecallHandle, encodeRecallHandle, RecallHandleError } from '../../src/index.ts'

const golden = 'djEgVDEgYnJva2VyLWEgMTcwMDAwMDAwMDAwMCA3RjAwMDAwMTAwMDE='
const handle = { topic: 'T1', brokerName: 'broker-a', deliverMs: 1_700_000_000_000, uniqueKey: '7F0000010001' }

test('a recall handle is that of the official broker', () => {
  expect(encodeRecallHandle(handle)).toBe(golden)
  expect(decodeRecallHandle(golden)).toEqual(handle)
})

test('a recall handle comes back whatever the names are', () => {
  const word = fc.string({ unit: 'binary', minLength: 1 }).map((text) => text.replaceAll(' ', '_'))
  const handles = fc.record({ topic: word, brokerName: word, deliverMs: fc.nat(2 ** 45), uniqueKey: word })
  fc.assert(
    fc.property(handles, (one) => {
      expect(decodeRecallHandle(encodeRecallHandle(one))).toEqual(one)
    }),
  )
})

test.each([
  '',
  'none',
  golden.slice(4),
  Buffer.from('v2 T1 broker-a 1700000000000 k').toString('base64url'),
  Buffer.from('v1 T1 broker-a x k').toString('base64url'),
  Buffer.from('v1 T1 broker-a 1 k k').toString('base64url'),
  'x'.repeat(10_000),
])('%s is no recall handle', (text) => {
  expect(() => decodeRecallHandle(text)).toThrow(RecallHandleError)
})
