import { type DecodedMessage, encodeMessageProperties } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { checkDecision } from '../../src/transactions/check-decision.ts'

const rules = { transactionTimeOut: 6000, transactionCheckMax: 3, fileReservedTime: 72 }
const now = 1_700_000_000_000

function decide(ageMs: number, properties: Record<string, string> = {}): string {
  const half = {
    bornTimestamp: now - ageMs,
    storeTimestamp: now - ageMs,
    properties: encodeMessageProperties(Object.entries(properties)),
  }
  const decision = checkDecision(half as DecodedMessage, rules, now)
  return decision.kind === 'ask' ? `ask ${decision.checkCount}` : decision.kind
}

describe('about an open transaction, producers', () => {
  test('are asked after its time, and not before', () => {
    expect([decide(0), decide(5999), decide(6000)]).toEqual(['wait', 'wait', 'ask 1'])
  })

  test('are asked at once when it is from the future', () => {
    expect([decide(-1), decide(-1e9)]).toEqual(['ask 1', 'ask 1'])
  })

  test('are asked after the time that it asks for itself, if that is a number', () => {
    const asked = (ageMs: number, seconds: string) => decide(ageMs, { CHECK_IMMUNITY_TIME_IN_SECONDS: seconds })
    expect([asked(59_999, '60'), asked(60_000, '60')]).toEqual(['wait', 'ask 1'])
    expect([asked(0, '0'), asked(5999, '-1'), asked(5999, 'soon'), asked(6000, 'soon')]).toEqual([
      'ask 1',
      'wait',
      'wait',
      'ask 1',
    ])
  })

  test('are left alone, and the half is stored anew, while it asks for more time than half an hour', () => {
    const asked = (ageMs: number) => decide(ageMs, { CHECK_IMMUNITY_TIME_IN_SECONDS: '7200' })
    expect([asked(1_799_999), asked(1_800_000), asked(7_200_000)]).toEqual(['wait', 'move', 'ask 1'])
  })

  test('are asked as often as is set, and then it is given up', () => {
    const checked = (times: string) => decide(60_000, { TRANSACTION_CHECK_TIMES: times })
    expect([checked('1'), checked('2'), checked('3'), checked('4'), checked('x')]).toEqual([
      'ask 2',
      'ask 3',
      'give-up',
      'give-up',
      'ask 1',
    ])
  })

  test('are not asked about one that is older than messages are kept', () => {
    expect(decide(72 * 3_600_000)).toBe('ask 1')
    expect(decide(72 * 3_600_000 + 1)).toBe('give-up')
    expect(decide(73 * 3_600_000, { CHECK_IMMUNITY_TIME_IN_SECONDS: '9999999' })).toBe('give-up')
  })
})
