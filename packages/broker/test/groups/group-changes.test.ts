import { BodyError, newSubscriptionGroupConfig } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { formatGroupChange, type GroupChange, parseGroupChange } from '../../src/groups/group-changes.ts'

describe('a change of groups in a journal', () => {
  test('comes back with the largest numbers that there are', () => {
    const change: GroupChange = {
      dataVersion: { counter: 1, stateVersion: 0, timestamp: 2 },
      set: [newSubscriptionGroupConfig('g', { brokerId: Number.MAX_SAFE_INTEGER })],
      removed: ['h'],
      forbidden: new Map([['g', new Map([['__proto__', 4]])]]),
    }
    expect(parseGroupChange(formatGroupChange(change))).toEqual(change)
  })

  test.each([
    ['null', 'null'],
    ['without anything', '{}'],
    ['without what is forbidden', '{"dataVersion":{},"set":[],"removed":[]}'],
    ['with a forbidden topic without bits', '{"dataVersion":{},"set":[],"removed":[],"forbidden":[["g",[["T"]]]]}'],
    ['with bits that are text', '{"dataVersion":{},"set":[],"removed":[],"forbidden":[["g",[["T","4"]]]]}'],
    ['with a forbidden group that has no name', '{"dataVersion":{},"set":[],"removed":[],"forbidden":[[1,[]]]}'],
  ])('that is %s is refused with a BodyError', (_, line) => {
    expect(() => parseGroupChange(line)).toThrow(BodyError)
  })
})
