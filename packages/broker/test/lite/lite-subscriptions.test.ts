import { liteQueueOf } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LiteRules } from '../../src/lite/lite-rules.ts'
import { type LiteLink, LiteSubscriptions } from '../../src/lite/lite-subscriptions.ts'

const link = { id: 1, isClosed: false, tell() {} } as unknown as LiteLink

/** Groups whose names begin with `all` want all lite topics. */
function open(): LiteSubscriptions {
  const rules = {
    isWildcard: (group: string) => group.startsWith('all'),
    isExclusive: () => false,
    clientQuota: () => 1000,
  } as unknown as LiteRules
  return new LiteSubscriptions({
    clock: { monotonic: () => 0 } as never,
    rules,
    settings: () => ({ maxLiteSubscriptionCount: 1000, liteSubscriptionCheckTimeoutMills: 10 }),
    onAdded() {},
    onRemoved() {},
    onGone() {},
    notify() {},
  })
}

const finish = (steps: Iterable<unknown>): void => void [...steps]
const toldOf = (subscriptions: LiteSubscriptions, queue: string): string[] => {
  const groups = [...subscriptions.subscribers(queue)]
  return groups.flatMap(([group, clients]) => clients.map(({ clientId }) => `${group} ${clientId}`)).sort()
}

test('who is given the messages of a lite topic are those who subscribe to it, and those who want all of its topic', () => {
  const lite = fc.constantFrom('a', 'b')
  const topic = fc.constantFrom('P', 'Q')
  const group = fc.constantFrom('all', 'all2', 'g', 'h')
  const change = fc.record({
    kind: fc.constantFrom('replace', 'replace', 'removeAll'),
    clientId: fc.constantFrom('1', '2', '3', '4'),
    topic,
    group,
    names: fc.uniqueArray(lite),
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const subscriptions = open()
      const expected = new Map<string, { group: string; topic: string; queues: ReadonlySet<string> | 'all' }>()
      for (const { kind, clientId, topic, group, names } of changes) {
        const queues = new Set(names.map((name) => liteQueueOf(topic, name)))
        if (kind === 'removeAll') {
          finish(subscriptions.removeAll(clientId))
          expected.delete(clientId)
        } else {
          finish(subscriptions.replace({ clientId, group, topic }, queues, link))
          expected.set(clientId, { group, topic, queues: group.startsWith('all') ? 'all' : queues })
        }
        for (const parent of ['P', 'Q']) {
          for (const name of ['a', 'b', 'c']) {
            const queue = liteQueueOf(parent, name)
            const told = [...expected].filter(([, { topic, queues }]) => {
              return queues === 'all' ? topic === parent : queues.has(queue)
            })
            expect(toldOf(subscriptions, queue)).toEqual(told.map(([id, { group }]) => `${group} ${id}`).sort())
          }
        }
      }
    }),
  )
})

test('of clients that want all nothing is copied for a message', () => {
  const subscriptions = open()
  for (let id = 0; id < 100; id++) {
    finish(subscriptions.replace({ clientId: `${id}`, group: 'all', topic: 'P' }, new Set(), link))
  }
  const first = subscriptions.subscribers(liteQueueOf('P', 'a')).get('all')
  expect(first).toHaveLength(100)
  expect(subscriptions.subscribers(liteQueueOf('P', 'b')).get('all')).toBe(first)
  finish(subscriptions.replace({ clientId: 'one', group: 'g', topic: 'P' }, new Set([liteQueueOf('P', 'a')]), link))
  expect(subscriptions.subscribers(liteQueueOf('P', 'a')).get('all')).toBe(first)
  finish(subscriptions.removeAll('7'))
  expect(subscriptions.subscribers(liteQueueOf('P', 'b')).get('all')).toHaveLength(99)
})
