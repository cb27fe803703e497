import { newTagSubscription, type SubscriptionData } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import type { ClientConnection } from '../../src/clients/index.ts'
import { SubscriptionDifferences } from '../../src/clients/subscription-differences.ts'
import { FakeLink } from './fake-link.ts'

function member(clientId: string): ClientConnection {
  return { link: new FakeLink(), clientId, language: 'JAVA', version: 513, lastUpdateMs: 0 }
}

const tags = (expression: string, topic = 'T'): SubscriptionData => newTagSubscription(topic, expression, 1)
const sql = (subString: string): SubscriptionData => ({ ...tags('*'), subString, expressionType: 'SQL92' })

describe('members of a group', () => {
  test('that subscribe alike do not differ, whatever the order and the versions', () => {
    const differences = new SubscriptionDifferences()
    expect(differences.update(member('a'), [tags('x || y'), tags('*', 'U')])).toEqual([])
    expect(differences.update(member('b'), [tags('*', 'U'), { ...tags('y||x'), subVersion: 9 }])).toEqual([])
    expect(differences.areThere).toBe(false)
  })

  test('that differ are told once, with both and what each subscribes to', () => {
    const differences = new SubscriptionDifferences()
    const [a, b] = [member('a'), member('b')]
    differences.update(a, [tags('x'), tags('*', 'U')])
    expect(differences.update(b, [sql('n > 1')])).toEqual([
      {
        topic: 'T',
        members: [
          { clientId: 'a', peer: a.link.remoteAddress, expression: 'TAG x' },
          { clientId: 'b', peer: b.link.remoteAddress, expression: 'SQL92 n > 1' },
        ],
      },
      {
        topic: 'U',
        members: [
          { clientId: 'a', peer: a.link.remoteAddress, expression: 'TAG *' },
          { clientId: 'b', peer: b.link.remoteAddress, expression: undefined },
        ],
      },
    ])
    expect(differences.update(member('c'), [sql('n > 1')])).toEqual([])
    expect(differences.update(a, [tags('x'), tags('*', 'U')])).toEqual([])
  })

  test('that agreed in between are told of again', () => {
    const differences = new SubscriptionDifferences()
    const [a, b] = [member('a'), member('b')]
    differences.update(a, [tags('x')])
    expect(differences.update(b, [tags('y')])).toHaveLength(1)
    expect(differences.update(b, [tags('x')])).toEqual([])
    expect(differences.areThere).toBe(false)
    expect(differences.update(b, [tags('y')])).toHaveLength(1)
    differences.remove(b.link)
    expect(differences.areThere).toBe(false)
    expect(differences.list()).toEqual([])
  })

  test('are told and remembered in few characters, however long their expressions are', () => {
    const differences = new SubscriptionDifferences()
    differences.update(member('a'), [tags('x')])
    const [told] = differences.update(member('b'), [sql(`n > ${'1'.repeat(100_000)}`)])
    expect(told!.members[1].expression!.length).toBeLessThan(300)
    // Expressions that differ late in their texts are others all the same.
    const [one, other] = ['1', '2'].map((end) => sql(`n > ${'1'.repeat(1000)}${end}`))
    const late = new SubscriptionDifferences()
    late.update(member('a'), [one!])
    expect(late.update(member('b'), [other!])).toHaveLength(1)
  })

  test('that pick their queues themselves, and subscribe to nothing, differ from nobody', () => {
    const differences = new SubscriptionDifferences()
    differences.update(member('a'), [tags('x')])
    expect(differences.update(member('b'), [])).toEqual([])
    expect(differences.areThere).toBe(false)
  })
})
