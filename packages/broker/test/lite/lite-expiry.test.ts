import { silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { liteQueueOf } from '@rocketmq-ts/protocol'
import { QueueFileError } from '@rocketmq-ts/storage'
import { expect, test } from 'vitest'
import { LiteExpiry } from '../../src/lite/lite-expiry.ts'
import type { LiteRules } from '../../src/lite/lite-rules.ts'
import { UnreadableQueues } from '../../src/lite/unreadable-queues.ts'

const names = Array.from({ length: 5 }, (_, index) => liteQueueOf('P', `lite${index}`))

interface Circumstances {
  /** Of which it has to be noted first that they go. */
  unnoted?: Set<string>
  noting?: () => Promise<void>
  /** Cannot be removed. */
  broken?: Set<string>
  /** Light queues of other topics. */
  others?: readonly string[]
  /** Milliseconds. */
  minLiteTTl?: number
  /** Topics are there, and their lite topics end after so many milliseconds. */
  lifetimeMs?: number
  /** Cannot be read. */
  damaged?: string
}

/** Lite topics of a topic that was deleted, of which one is removed in each slice of time. */
function deleted(circumstances: Circumstances = {}) {
  const { unnoted = new Set(), noting = async () => {}, broken, others = [], minLiteTTl = 3_600_000 } = circumstances
  const { lifetimeMs, damaged } = circumstances
  const told: unknown[] = []
  const clock = new SteppedClock()
  const lastPositions = new Map([...others, ...names].map((name) => [name, 300]))
  let looked = 0
  const removed: string[] = []
  const staying: string[] = []
  const expiry = new LiteExpiry({
    clock,
    log: silentLog,
    rules: {
      isThere: () => lifetimeMs !== undefined,
      groupsOf: () => ['g'],
      lifetimeMs: () => lifetimeMs,
    } as unknown as LiteRules,
    unreadable: new UnreadableQueues({ ...silentLog, error: ({ queue }) => told.push(queue) }),
    store: {
      *lightQueueNames() {
        for (const name of lastPositions.keys()) {
          clock.advance(1)
          looked++
          yield name
        }
      },
      maxOffset(name) {
        if (name === damaged) throw new QueueFileError(name, 'is damaged')
        return 3
      },
      storeTimestamp: () => 0,
      positionAt: (name) => lastPositions.get(name),
      positions: { max: 400 },
      removeLightQueue(name, isUnused) {
        clock.advance(5)
        if (broken?.has(name)) throw new Error('EIO')
        return isUnused() && lastPositions.delete(name)
      },
    },
    offsets: {
      mayLeave: (name) => !unnoted.has(name),
      async leavingNoted() {
        await noting()
        unnoted.clear()
      },
      lightQueueStays: (name) => staying.push(name),
    },
    settings: () => ({ minLiteTTl, liteTtlCheckInterval: 1000 }),
    onRemoved: (name) => removed.push(name),
  })
  expiry.removeAllOf('P')
  return { clock, lastPositions, removed, staying, expiry, told, lookedAt: () => looked }
}

test('lite topics of a deleted topic go, some at a time', () => {
  const { clock, lastPositions, removed, expiry } = deleted()
  expect(removed.length).toBeLessThanOrEqual(1)
  clock.advance(1000)
  expect(removed.sort()).toEqual(names)
  expect(lastPositions.size).toBe(0)
  expiry.close()
})

test('a lite topic to which was sent since its topic was deleted, and made anew, stays', () => {
  const { clock, lastPositions, removed, staying, expiry } = deleted()
  const used = [...lastPositions.keys()][1]!
  lastPositions.set(used, 400)
  clock.advance(1000)
  expect([...lastPositions.keys()]).toEqual([used])
  expect(removed).not.toContain(used)
  expect(staying).toEqual([used])
  expiry.close()
})

/** What became of a promise by now. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  return Promise.race([
    promise.then(
      () => 'resolved',
      (error: Error) => error.message,
    ),
    new Promise<string>((resolve) => setImmediate(() => resolve('waits'))),
  ])
}

test('a deletion is over when its last lite topic is gone', async () => {
  const { clock, removed, expiry } = deleted()
  const over = expiry.whenRemoved('P')
  expect(await stateOf(over)).toBe('waits')
  clock.advance(1000)
  expect([await stateOf(over), removed.length]).toEqual(['resolved', names.length])
  expect(await stateOf(expiry.whenRemoved('P'))).toBe('resolved')
  expiry.close()
})

test('a lite topic with offsets goes when it is noted that it does', async () => {
  const unnoted = new Set(names.slice(0, 2))
  const { promise, resolve } = Promise.withResolvers<void>()
  const { clock, removed, expiry } = deleted({ unnoted, noting: () => promise })
  const over = expiry.whenRemoved('P')
  clock.advance(1000)
  expect([await stateOf(over), removed.length]).toEqual(['waits', 3])
  resolve()
  await stateOf(over)
  clock.advance(1000)
  expect([await stateOf(over), removed.toSorted()]).toEqual(['resolved', names])
  expiry.close()
})

test('lite topics of which is noted together that they go have one slice at a time', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { clock, removed, expiry } = deleted({ unnoted: new Set(names), noting: () => promise })
  for (let count = 0; count < 3; count++) {
    expiry.removeAllOf('P')
    clock.advance(100)
  }
  const over = expiry.whenRemoved('P')
  resolve()
  await stateOf(over)
  expect(removed.length).toBeLessThanOrEqual(1)
  clock.advance(1000)
  expect([await stateOf(over), [...new Set(removed)].sort()]).toEqual(['resolved', names])
  expiry.close()
})

test('a deletion fails when that cannot be noted, or a lite topic cannot be removed', async () => {
  const unnoted = deleted({ unnoted: new Set(names), noting: () => Promise.reject(new Error('ENOSPC')) })
  const over = unnoted.expiry.whenRemoved('P')
  unnoted.clock.advance(1000)
  expect(await stateOf(over)).toContain('could not be noted')
  expect(unnoted.removed).toEqual([])
  unnoted.expiry.close()
  const broken = deleted({ broken: new Set([names[0]!]) })
  broken.clock.advance(1000)
  expect(await stateOf(broken.expiry.whenRemoved('P'))).toContain('could not be removed')
  expect(broken.removed.length).toBe(names.length - 1)
  broken.expiry.close()
})

test('very many names are gone through a part at a time for a topic that is deleted', async () => {
  const others = Array.from({ length: 2000 }, (_, index) => liteQueueOf('Other', `${index}`))
  const { clock, lastPositions, removed, expiry, lookedAt } = deleted({ others })
  const over = expiry.whenRemoved('P')
  expect(lookedAt()).toBeLessThanOrEqual(100)
  expect(await stateOf(over)).toBe('waits')
  clock.advance(10_000)
  expect([await stateOf(over), removed.toSorted(), lastPositions.size]).toEqual(['resolved', names, others.length])
  expiry.close()
})

test('a failure is told to those who wait for the deletion that failed, and to no others', async () => {
  const other = liteQueueOf('Q', 'a')
  const broken = new Set(names)
  const { clock, lastPositions, expiry } = deleted({ broken, others: [other] })
  clock.advance(1000)
  // Nobody waited for that.
  expiry.removeAllOf('Q')
  const ofOther = expiry.whenRemoved('Q')
  clock.advance(1000)
  expect([await stateOf(ofOther), lastPositions.has(other)]).toEqual(['resolved', false])
  broken.clear()
  expiry.removeAllOf('P')
  const ofSame = expiry.whenRemoved('P')
  clock.advance(1000)
  expect([await stateOf(ofSame), lastPositions.size]).toEqual(['resolved', 0])
  expiry.close()
})

test('the deletion of a topic with few lite topics does not wait for one with many', async () => {
  const others = Array.from({ length: 300 }, (_, index) => liteQueueOf('Many', `${index}`))
  const { clock, removed, expiry } = deleted({ others })
  expiry.removeAllOf('Many')
  const over = expiry.whenRemoved('P')
  clock.advance(2000)
  expect(await stateOf(over)).toBe('resolved')
  expect(removed.length).toBeLessThan(names.length + others.length)
  clock.advance(10_000)
  expect(removed.length).toBe(names.length + others.length)
  expiry.close()
})

test('a broker that stops does not wait for lite topics of a deleted topic', async () => {
  const { expiry } = deleted()
  const over = expiry.whenRemoved('P')
  expiry.close()
  expect(await stateOf(over)).toContain('delete the topic again')
})

test('deletions do not put off that lite topics go whose time is over', () => {
  const other = liteQueueOf('Other', 'a')
  const { clock, removed, expiry } = deleted({ others: [other], minLiteTTl: 0 })
  for (let count = 0; count < 4; count++) {
    clock.advance(400)
    expiry.removeAllOf('Empty')
  }
  expect(removed).toContain(other)
  expiry.close()
})

test('a deletion that comes while others are under way waits for its slice', async () => {
  const others = Array.from({ length: 300 }, (_, index) => liteQueueOf('Other', `${index}`))
  const { clock, expiry, lookedAt } = deleted({ others })
  const looked = lookedAt()
  for (let count = 0; count < 10; count++) expiry.removeAllOf(`Empty${count}`)
  const last = expiry.whenRemoved('Empty9')
  expect(lookedAt()).toBe(looked)
  clock.advance(10_000)
  expect(await stateOf(last)).toBe('resolved')
  expiry.close()
})

test('a lite topic that cannot be read does not keep others whose time is over, and is told once', () => {
  const others = ['a', 'damaged', 'b'].map((name) => liteQueueOf('Other', name))
  const damaged = others[1]!
  const { clock, removed, told, expiry } = deleted({ others, damaged, minLiteTTl: 0, lifetimeMs: 1000 })
  clock.advance(10_000)
  expect(removed.toSorted()).toEqual([...names, others[0]!, others[2]!].sort())
  expect(told).toEqual([damaged])
  expiry.close()
})
