import { silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { liteQueueOf } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { LiteExpiry } from '../../src/lite/lite-expiry.ts'
import type { LiteRules } from '../../src/lite/lite-rules.ts'

const names = Array.from({ length: 5 }, (_, index) => liteQueueOf('P', `lite${index}`))

/** Lite topics of a topic that was deleted, of which one is removed in each slice of time. */
function deleted() {
  const clock = new SteppedClock()
  const lastPositions = new Map(names.map((name) => [name, 300]))
  const removed: string[] = []
  const expiry = new LiteExpiry({
    clock,
    log: silentLog,
    rules: { isThere: () => false, groupsOf: () => ['g'], lifetimeMs: () => undefined } as unknown as LiteRules,
    store: {
      lightQueueNames: () => lastPositions.keys(),
      maxOffset: () => 3,
      storeTimestamp: () => undefined,
      lastPosition: (name) => lastPositions.get(name),
      positions: { max: 400 },
      removeLightQueue(name, isUnused) {
        clock.advance(5)
        return isUnused() && lastPositions.delete(name)
      },
    },
    settings: () => ({ minLiteTTl: 3_600_000, liteTtlCheckInterval: 1000 }),
    onRemoved: (name) => removed.push(name),
  })
  expiry.removeAllOf('P')
  return { clock, lastPositions, removed, expiry }
}

test('lite topics of a deleted topic go, some at a time', () => {
  const { clock, lastPositions, removed, expiry } = deleted()
  expect(removed.length).toBe(1)
  clock.advance(1000)
  expect(removed.sort()).toEqual(names)
  expect(lastPositions.size).toBe(0)
  expiry.close()
})

test('a lite topic to which was sent since its topic was deleted, and made anew, stays', () => {
  const { clock, lastPositions, removed, expiry } = deleted()
  const used = [...lastPositions.keys()][1]!
  lastPositions.set(used, 400)
  clock.advance(1000)
  expect([...lastPositions.keys()]).toEqual([used])
  expect(removed).not.toContain(used)
  expiry.close()
})
