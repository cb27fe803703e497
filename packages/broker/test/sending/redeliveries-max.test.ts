import { newSubscriptionGroupConfig } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { redeliveriesMax } from '../../src/sending/redeliveries-max.ts'

const group = newSubscriptionGroupConfig('G', { retryMaxTimes: 16 })

test.each([
  [undefined, 513, 16],
  [undefined, 0, 16],
  [3, 513, 3],
  [0, 121, 0],
  [-1, 121, -1],
  [0, 120, 16],
  [3, 0, 16],
])('a client that asks for %s redeliveries and is of version %d gets %d of a group with 16', (asked, version, max) => {
  expect(redeliveriesMax(asked, version, group)).toBe(max)
})
