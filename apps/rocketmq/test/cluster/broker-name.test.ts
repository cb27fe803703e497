import { expect, test } from 'vitest'
import { brokerName } from '../../src/cluster/broker-name.ts'

test.each([
  [0, 'broker-a'],
  [1, 'broker-b'],
  [25, 'broker-z'],
  [26, 'broker-aa'],
  [27, 'broker-ab'],
  [51, 'broker-az'],
  [52, 'broker-ba'],
  [701, 'broker-zz'],
  [702, 'broker-aaa'],
])('broker %i is %s', (index, name) => {
  expect(brokerName(index)).toBe(name)
})

test('a thousand brokers have a thousand names', () => {
  expect(new Set(Array.from({ length: 1000 }, (_, index) => brokerName(index))).size).toBe(1000)
})
