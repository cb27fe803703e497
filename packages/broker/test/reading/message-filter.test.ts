import { javaStringHash, newTagSubscription, type SubscriptionData } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { ExpressionCompiler } from '../../src/filters/expression-compiler.ts'
import type { ConsumerFilter } from '../../src/filters/index.ts'
import { messageFilter } from '../../src/reading/message-filter.ts'

const inHeader = 4

function filterOf(expression: string, changes: { sysFlag?: number; subVersion?: number; known?: number } = {}) {
  const { sysFlag = inHeader, subVersion = 0, known } = changes
  const compiler = new ExpressionCompiler(() => true)
  const filters = {
    get: () =>
      known === undefined
        ? undefined
        : ({ clientVersion: known, expressionType: 'SQL92', expression } as ConsumerFilter),
  }
  const subscription: SubscriptionData = {
    ...newTagSubscription('T', '*', 0),
    subString: expression,
    expressionType: 'SQL92',
  }
  const header = {
    topic: 'T',
    consumerGroup: 'g',
    sysFlag,
    subVersion,
    subscription: expression,
    expressionType: 'SQL92',
  }
  return messageFilter(subscription, header, { compiler, filters, settings: () => ({ filterSupportRetry: false }) })
}

describe('an expression', () => {
  test('that asks for tags passes units of others by, and looks at what is no tags code', () => {
    const { matches } = filterOf("TAGS = 'A' AND n > 5")
    expect([matches(javaStringHash('A')), matches(javaStringHash('B')), matches(0)]).toEqual([true, false, false])
    // A time of delivery, and an address beside the queue.
    expect([matches(1_795_462_296_773), matches(-9_223_372_036_854_775_000)]).toEqual([true, true])
  })

  test('that does not ask for tags looks at all', () => {
    const { matches } = filterOf('n > 5')
    expect([matches(0), matches(65)]).toEqual([true, true])
  })

  test('of many comparisons looks at fewer bytes of records, but at some', () => {
    const few = filterOf('n > 5').recordFilter!.bytesMax
    const many = filterOf(Array.from({ length: 1500 }, (_, n) => `a=${n}`).join(' OR ')).recordFilter!.bytesMax
    expect(few).toBe(4 * 1024 * 1024)
    expect(many).toBeLessThan(few / 100)
    expect(many).toBeGreaterThan(0)
  })

  test('of a group is told to be missing, or too old, for a pull that is newer', () => {
    const code = (responseCode: string) => expect.objectContaining({ responseCode })
    expect(() => filterOf('n > 5', { sysFlag: 0 })).toThrow(code('FILTER_DATA_NOT_EXIST'))
    expect(() => filterOf('n > 5', { sysFlag: 0, known: 1, subVersion: 2 })).toThrow(code('FILTER_DATA_NOT_LATEST'))
    expect(filterOf('n > 5', { sysFlag: 0, known: 2, subVersion: 2 }).recordFilter).toBeDefined()
  })
})
