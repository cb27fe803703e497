import { setImmediate as loopTurn } from 'node:timers/promises'
import { type LiteSubscriptionChange, liteQueueOf, liteSubscriptionsBody } from '@rocketmq-ts/protocol'
import type { Call } from '@rocketmq-ts/remoting'
import { expect, test } from 'vitest'
import { liteSubscriptionCtl } from '../../src/lite/handlers/lite-subscription-ctl.ts'
import type { LiteRules } from '../../src/lite/lite-rules.ts'
import { type LiteLink, LiteSubscriptions } from '../../src/lite/lite-subscriptions.ts'
import { LoopShare, StepwiseJobs } from '../../src/loop-share.ts'

const link: LiteLink = { id: 1, isClosed: false, tell() {} } as unknown as LiteLink
const names = Array.from({ length: 100 }, (_, index) => `room-${index}`)
const offsetOption = { type: 'POLICY', value: 1 } as const

/** A broker in which a look into a queue takes a millisecond, of which changes have five in each turn. */
function open(limits: { maxLiteSubscriptionCount?: number } = {}) {
  let nowMs = 0
  let turns: (() => void)[] = []
  const clock = { monotonic: () => nowMs, nextTurn: (callback: () => void) => void turns.push(callback) }
  const looked: string[] = []
  const confirmed: number[] = []
  const look = (what: string): void => {
    nowMs++
    looked.push(what)
  }
  const rules = {
    isWildcard: () => false,
    isExclusive: () => false,
    clientQuota: () => 1000,
    mayConsume: () => true,
  } as unknown as LiteRules
  const subscriptions = new LiteSubscriptions({
    clock: clock as never,
    rules,
    settings: () => ({ maxLiteSubscriptionCount: 1000, liteSubscriptionCheckTimeoutMills: 10, ...limits }),
    onAdded: (_client, queue) => look(`added ${queue}`),
    onRemoved: (_client, queue, reason) => look(`${reason} ${queue}`),
    onGone: ({ clientId }) => look(`gone ${clientId}`),
    notify() {},
  })
  const changes = new StepwiseJobs(new LoopShare(clock, 5))
  const handle = liteSubscriptionCtl({
    rules,
    subscriptions,
    changes,
    offsets: {
      checkRoom() {},
      hasRoom: () => true,
      get lightResetCount() {
        return looked.filter((what) => what.startsWith('reset')).length
      },
      async lightResetsConfirmed() {
        confirmed.push(looked.length)
      },
    },
    settings: () => ({ flushDiskType: 'ASYNC_FLUSH' }),
    reset: (_group, queue) => look(`reset ${queue}`),
  })
  const change = (fields: Partial<LiteSubscriptionChange>): Promise<unknown> => {
    const entry = { clientId: 'c', group: 'g', topic: 'P', liteTopicSet: names, version: 1, ...fields }
    const body = liteSubscriptionsBody.encode({ subscriptionSet: [entry as LiteSubscriptionChange] })
    return Promise.resolve(handle({}, { body, connection: link } as unknown as Call<never>))
  }
  /** How many queues are looked into in each turn until nothing more is done. */
  const perTurn = async (): Promise<number[]> => {
    const counts: number[] = []
    for (let before = -1; looked.length > before; ) {
      before = Math.max(0, before === -1 ? 0 : looked.length)
      const from = looked.length
      await loopTurn()
      const callbacks = turns
      turns = []
      if (looked.length > from) counts.push(looked.length - from)
      else if (callbacks.length === 0) break
      for (const callback of callbacks) callback()
      before = from
    }
    return counts
  }
  return { subscriptions, changes, change, looked, confirmed, perTurn }
}

test.each([
  ['added', { action: 'PARTIAL_ADD' }, 1],
  ['added from where a client asks to begin', { action: 'PARTIAL_ADD', offsetOption }, 2],
  ['added as a whole', { action: 'COMPLETE_ADD' }, 1],
] as const)('very many subscriptions are %s in a part of each turn', async (_what, fields, looksEach) => {
  const { subscriptions, change, looked, perTurn } = open()
  const changed = change(fields)
  expect(Math.max(...(await perTurn()))).toBeLessThanOrEqual(6)
  await changed
  expect(looked).toHaveLength(names.length * looksEach)
  expect([...subscriptions.get('c')!.queues]).toEqual(names.map((name) => liteQueueOf('P', name)))
})

test.each([
  ['PARTIAL_REMOVE', 'unsubscribed'],
  ['COMPLETE_REMOVE', 'replaced'],
] as const)('very many subscriptions end by %s in a part of each turn', async (action, reason) => {
  const { subscriptions, change, looked, perTurn } = open()
  const added = change({ action: 'PARTIAL_ADD' })
  const removed = change({ action })
  expect(Math.max(...(await perTurn()))).toBeLessThanOrEqual(6)
  await Promise.all([added, removed])
  expect(looked.slice(0, names.length).every((what) => what.startsWith('added'))).toBe(true)
  expect(looked.filter((what) => what.startsWith(reason))).toHaveLength(names.length)
  expect(subscriptions.count).toBe(0)
})

test('clients that are gone are forgotten in a part of each turn, and one that is back meanwhile is not', async () => {
  const { subscriptions, changes, change, perTurn } = open()
  const added = change({ action: 'PARTIAL_ADD' })
  await perTurn()
  await added
  const [client] = subscriptions.expired()
  const expired = changes.run(['c'], () => subscriptions.forget(client!))
  const back = change({ action: 'COMPLETE_ADD', liteTopicSet: names.slice(0, 3) })
  expect(Math.max(...(await perTurn()))).toBeLessThanOrEqual(6)
  await Promise.all([expired, back])
  expect(subscriptions.get('c')!.queues.size).toBe(3)
  expect(subscriptions.count).toBe(3)
})

test('a change that is refused leaves what there is, and the next one is made', async () => {
  const { subscriptions, change, perTurn } = open()
  const many = Array.from({ length: 1001 }, (_, index) => `room-${index}`)
  const refused = change({ action: 'PARTIAL_ADD', liteTopicSet: many }).catch(({ message }: Error) => message)
  const next = change({ action: 'PARTIAL_ADD', liteTopicSet: ['a'] })
  await perTurn()
  expect(await refused).toContain('lite.sub.client.quota')
  await next
  expect(subscriptions.count).toBe(1)
})

test('a client does not wait for the very many subscriptions of another one', async () => {
  const { subscriptions, change, looked, perTurn } = open()
  const large = change({ action: 'PARTIAL_ADD' })
  const small = change({ action: 'PARTIAL_ADD', clientId: 'small', liteTopicSet: ['a', 'b'] })
  let lookedBySmall = 0
  void small.then(() => {
    lookedBySmall = looked.length
  })
  expect(Math.max(...(await perTurn()))).toBeLessThanOrEqual(6)
  await Promise.all([large, small])
  expect(lookedBySmall).toBeLessThan(20)
  expect([subscriptions.get('c')!.queues.size, subscriptions.get('small')!.queues.size]).toEqual([names.length, 2])
})

test('where a group is to begin is kept before that is answered, and nobody else waits for the disk', async () => {
  const { change, looked, confirmed, perTurn } = open()
  const plain = change({ action: 'PARTIAL_ADD' })
  await perTurn()
  await plain
  expect(confirmed).toEqual([])
  const asked = change({ action: 'PARTIAL_ADD', liteTopicSet: ['a', 'b'], offsetOption })
  await perTurn()
  await asked
  expect(confirmed).toEqual([looked.length])
})

test('clients that subscribe at the same time have no more subscriptions together than there may be', async () => {
  const { subscriptions, change, perTurn } = open({ maxLiteSubscriptionCount: 150 })
  const codes = Promise.allSettled(['a', 'b'].map((clientId) => change({ action: 'PARTIAL_ADD', clientId })))
  await perTurn()
  expect((await codes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(subscriptions.count).toBe(names.length)
  const more = change({ action: 'PARTIAL_ADD', clientId: 'b', liteTopicSet: names.slice(0, 50) })
  await perTurn()
  await more
  expect(subscriptions.count).toBe(150)
})

test('clients of a group that is deleted are gone, also one that is subscribing, and not one that comes behind it', async () => {
  const { subscriptions, changes, change, perTurn } = open()
  const subscribing = change({ action: 'PARTIAL_ADD' })
  await loopTurn()
  expect(subscriptions.count).toBeGreaterThan(0)
  const gone = subscriptions.gone(({ group }) => group === 'g')
  expect(gone.map(({ clientId }) => clientId)).toEqual(['c'])
  const forgotten = changes.run(['c'], () => subscriptions.forget(gone[0]!))
  const again = change({ action: 'PARTIAL_ADD', liteTopicSet: ['z'] })
  let isOver = false
  void Promise.all([subscribing, forgotten, again]).finally(() => {
    isOver = true
  })
  while (!isOver) await perTurn()
  expect([...subscriptions.get('c')!.queues]).toEqual([liteQueueOf('P', 'z')])
  expect(subscriptions.count).toBe(1)
})

test('a lite topic that is named several times counts once', async () => {
  const { change, subscriptions, perTurn } = open({ maxLiteSubscriptionCount: names.length })
  const done = change({ action: 'PARTIAL_ADD', liteTopicSet: [...names, ...names] })
  await perTurn()
  await done
  expect(subscriptions.count).toBe(names.length)
})
