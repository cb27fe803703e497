import { heartbeatBody, newSubscriptionGroupConfig, ProtocolError, type SubscriptionData } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { tagsMatcher } from '../../src/reading/message-filter.ts'
import { pullSubscription } from '../../src/reading/pull-subscription.ts'

const codeOf = { a: 97, b: 98, none: 0 } as const
const config = newSubscriptionGroupConfig('G')
const subscriptionInHeader = 4

/** Which of the messages with tag a, with tag b and without one a pull is given. */
function givenTo(subscription: SubscriptionData): string {
  const matches = tagsMatcher(subscription)
  return Object.entries(codeOf)
    .flatMap(([name, code]) => (matches(code) ? name : []))
    .join(' ')
}

function byHeader(subscription: string | undefined, expressionType: string | undefined = 'TAG'): string {
  const header = { topic: 'T', consumerGroup: 'G', sysFlag: subscriptionInHeader, subVersion: 1 }
  return givenTo(pullSubscription({ ...header, subscription, expressionType }, config, undefined))
}

/** @param told what the group's heartbeat says besides the topic */
function byHeartbeat(told: object): string {
  const text = JSON.stringify({
    clientID: 'c',
    consumerDataSet: [{ groupName: 'G', subscriptionDataSet: [{ topic: 'T', subVersion: 1, ...told }] }],
  })
  const { subscriptionDataSet } = heartbeatBody.parse(text).consumerDataSet[0]!
  const group = { messageModel: 'CLUSTERING' as const, subscription: () => subscriptionDataSet[0] }
  const header = { topic: 'T', consumerGroup: 'G', sysFlag: 0, subVersion: 1 }
  return givenTo(pullSubscription(header, config, group))
}

const everything = 'a b none'

// What the official broker 5.5.0 gives: interop/same-answers compares.
describe('a pull that names its tags is given', () => {
  test.each([
    [undefined, everything],
    ['', everything],
    ['*', everything],
    ['a', 'a'],
    [' a ', 'a'],
    ['a||', 'a'],
    ['||a', 'a'],
    ['a || b', 'a b'],
    ['a||a', 'a'],
    ['a | b', ''],
    [' ', ''],
    [' || ', ''],
    ['|| ||', ''],
    [' * ', ''],
    ['* || a', 'a'],
    ['null', ''],
  ])('for %j: %s', (expression, given) => {
    expect(byHeader(expression)).toBe(given)
  })

  test('an error for nothing but separators', () => {
    expect(() => byHeader('||')).toThrow(/no tag in the subscription expression/)
  })
})

describe('a pull by the heartbeat of its group is given', () => {
  test.each([
    [{ subString: '*', tagsSet: [], codeSet: [] }, everything],
    [{ subString: '*', tagsSet: ['a'], codeSet: [97] }, everything],
    [{ subString: 'a', tagsSet: ['a'], codeSet: [97] }, 'a'],
    [{ subString: 'a || b', codeSet: [97, 98] }, 'a b'],
    [{ subString: 'a', tagsSet: ['a'], codeSet: [98] }, 'b'],
    [{ subString: 'a', codeSet: [97], expressionType: '' }, 'a'],
    [{ subString: 'a', codeSet: [97], expressionType: null }, 'a'],
    [{ subString: '', tagsSet: [], codeSet: [] }, ''],
    [{ subString: ' || ', tagsSet: [], codeSet: [] }, ''],
    [{ subString: 'a', tagsSet: ['a'], codeSet: [] }, ''],
    [{ subString: 'a', tagsSet: ['a'] }, ''],
    [{ subString: 'a' }, ''],
  ])('for %j: %s', (told, given) => {
    expect(byHeartbeat(told)).toBe(given)
  })

  test.each([[{}], [{ subString: null, codeSet: [] }], [{ tagsSet: ['a'], codeSet: [97] }]])(
    'an error for %j, which says no expression',
    (told) => {
      expect(() => byHeartbeat(told)).toThrow(ProtocolError)
      expect(() => byHeartbeat(told)).toThrow(/the subscription of group G to T has no subString/)
    },
  )
})
