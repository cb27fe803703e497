import { commands } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { PlannedFailures } from '../src/planned-failures.ts'

describe('planned failures', () => {
  test('are as many as were asked for, of the request that was named', () => {
    const failures = new PlannedFailures()
    failures.add('SYSTEM_BUSY', 'PULL_MESSAGE', 2)
    const check = () => failures.check({ command: commands.pullMessage })
    expect(failures.check({ command: commands.sendMessageV2 })).toBeUndefined()
    expect(check).toThrow('the test wants')
    expect(check).toThrow('the test wants')
    expect(check()).toBeUndefined()
  })

  test.each([0, -1, 1.5, Number.NaN])('are not %d', (count) => {
    expect(() => new PlannedFailures().add('SYSTEM_BUSY', undefined, count)).toThrow('give 1 or more')
  })

  test('are not of a request that there is not', () => {
    expect(() => new PlannedFailures().add('SYSTEM_BUSY', 'PULL', 1)).toThrow('no request is named PULL')
  })
})
