import { EncodedProperties } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { TimerRules } from '../../src/timers/timer-rules.ts'

const nowMs = 1_700_000_000_000
const limits = { isEnabled: true, precisionMs: 1000, maxDelayMs: 60_000, countMax: 2_147_483_647 }

function outMs(properties: string, changes: Partial<typeof limits> = {}, count = 0, chance = 0): number | undefined {
  const rules = new TimerRules({
    limits: () => ({ ...limits, ...changes }),
    countAt: () => count,
    nowMs: () => nowMs,
    random: { below: () => chance },
  })
  return rules.outMs(EncodedProperties.ofText(properties))
}

const inMs = (delayMs: number) => `TIMER_DELIVER_MS\u0001${nowMs + delayMs}\u0002`

describe('the slot of a message', () => {
  test.each([
    [1, 0],
    [999, 0],
    [1000, 0],
    [1001, 1000],
    [2000, 1000],
  ])('that is due in %i ms begins in %i ms, so that it ends at its time or later', (delayMs, slotMs) => {
    expect(outMs(inMs(delayMs))).toBe(nowMs + slotMs)
  })

  test('follows from seconds before milliseconds before the time itself', () => {
    const all = `TIMER_DELIVER_MS\u0001${nowMs + 9000}\u0002TIMER_DELAY_MS\u00015000\u0002`
    expect(outMs(all)).toBe(nowMs + 4000)
    expect(outMs(`${all}TIMER_DELAY_SEC\u00013\u0002`)).toBe(nowMs + 2000)
  })

  test.each([0, -1, -1e9])('is none when its time is %i ms from now', (delayMs) => {
    expect(outMs(inMs(delayMs))).toBeUndefined()
  })

  test('is as wide as the precision', () => {
    expect(outMs(inMs(1234), { precisionMs: 100 })).toBe(nowMs + 1200)
  })
})

describe('a message is refused', () => {
  const illegal = expect.objectContaining({ responseCode: 'MESSAGE_ILLEGAL' })

  test('one millisecond beyond the longest delay', () => {
    expect(outMs(inMs(60_000))).toBe(nowMs + 59_000)
    expect(() => outMs(inMs(60_001))).toThrow(illegal)
  })

  test.each(['x', '1.5', ' 1', '1e3', '9007199254740993', '-9223372036854775809'])('with the time %s', (text) => {
    for (const name of ['TIMER_DELIVER_MS', 'TIMER_DELAY_MS', 'TIMER_DELAY_SEC']) {
      expect(() => outMs(`${name}\u0001${text}\u0002`)).toThrow(illegal)
    }
  })

  test('that takes back another one which is due', () => {
    expect(() => outMs(`TIMER_DEL_UNIQKEY\u0001k\u0002${inMs(0)}`)).toThrow(illegal)
  })

  test('when timers are off', () => {
    expect(() => outMs(inMs(1), { isEnabled: false })).toThrow(/timerWheelEnable/)
  })
})

describe('of the messages for one time', () => {
  test.each([
    [10, 999, 'taken'],
    [11, 899, 'taken'],
    [11, 900, 'refused'],
    [19, 99, 'taken'],
    [19, 100, 'refused'],
    [20, 0, 'refused'],
  ])('beyond %i of 10 with a draw of %i one is %s', (count, chance, what) => {
    const take = () => outMs(inMs(1500), { countMax: 10 }, count, chance)
    if (what === 'taken') expect(take()).toBe(nowMs + 1000)
    else expect(take).toThrow(/timerCongestNumEachSlot/)
  })
})
