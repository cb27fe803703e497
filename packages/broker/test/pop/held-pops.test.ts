import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { beforeEach, describe, expect, test } from 'vitest'
import { HeldPops } from '../../src/pop/held-pops.ts'

class Waiter {
  readonly topic = 'T'
  readonly group: string
  readonly queueId: number
  readonly connectionId: number
  looks = 0
  isGivenUp = false
  answer: boolean | 'unable' | Promise<boolean> = true
  /** What is called when it can be answered again. */
  readonly able: (() => void)[] = []

  constructor({ group = 'g', queueId = -1, connectionId = 1 } = {}) {
    this.group = group
    this.queueId = queueId
    this.connectionId = connectionId
  }

  whenAble(callback: () => void): void {
    this.able.push(callback)
  }

  retry(): boolean | 'unable' | Promise<boolean> {
    this.looks++
    return this.answer
  }

  giveUp(): void {
    this.isGivenUp = true
  }
}

let clock: SteppedClock
let held: HeldPops
const limits = { popPollingSize: 2, maxPopPollingSize: 5 }

beforeEach(() => {
  clock = new SteppedClock()
  held = new HeldPops(clock, 3, () => limits)
})

function hold(options: ConstructorParameters<typeof Waiter>[0] = {}): Waiter {
  const waiter = new Waiter(options)
  expect(held.hold(waiter, 1000)).toBeUndefined()
  return waiter
}

describe('messages', () => {
  test('of any queue wake those that want any, the first one first, until there is nothing', () => {
    const [first, second] = [hold(), hold()]
    second.answer = false
    held.arrived('T', 3)
    expect([first.looks, second.looks, held.count]).toEqual([1, 1, 1])
    second.answer = true
    held.arrived('T', 0)
    expect(held.count).toBe(0)
  })

  test('go to the next ones while the first one cannot be answered, and wake it when it can', () => {
    const [first, second] = [hold(), hold()]
    first.answer = 'unable'
    held.arrived('T', 0)
    expect([first.looks, second.looks, held.count]).toEqual([1, 1, 1])
    held.arrived('T', 0)
    expect([first.looks, first.able.length]).toEqual([2, 1])
    first.answer = true
    first.able[0]!()
    expect([first.looks, held.count]).toEqual([3, 0])
    first.able[0]!()
    expect(first.looks).toBe(3)
  })

  test('of a queue wake those that want it, and not those that want another one', () => {
    const [one, two] = [hold({ queueId: 1 }), hold({ queueId: 2 })]
    held.arrived('T', 1)
    expect([one.looks, two.looks]).toEqual([1, 0])
  })

  test.each(['%RETRY%g_T', '%RETRY%g+T'])('of the retry topic %s wake its group, and no other', (topic) => {
    const [own, other] = [hold({ queueId: 2 }), hold({ group: 'h' })]
    held.arrived(topic, 0)
    expect([own.looks, other.looks]).toEqual([1, 0])
  })

  test('of another topic wake nobody', () => {
    const one = hold()
    held.arrived('U', 0)
    expect(one.looks).toBe(0)
  })

  test('that come while a file is read are looked for after it', async () => {
    const [first, second] = [hold(), hold()]
    const { promise, resolve } = Promise.withResolvers<boolean>()
    first.answer = promise
    held.arrived('T', 0)
    held.arrived('T', 1)
    expect([first.looks, second.looks]).toEqual([1, 0])
    first.answer = true
    resolve(false)
    await promise
    await Promise.resolve()
    expect([first.looks, second.looks, held.count]).toEqual([2, 1, 0])
  })
})

describe('who waits is told that there is nothing', () => {
  test('when its time is over', () => {
    const one = hold()
    clock.advance(999)
    expect(one.isGivenUp).toBe(false)
    clock.advance(1)
    expect([one.isGivenUp, held.count]).toEqual([true, 0])
  })

  test('when its connection, its topic or the broker ends', async () => {
    const [one, two] = [hold({ connectionId: 1 }), hold({ connectionId: 2 })]
    held.disconnected(1)
    expect([one.isGivenUp, two.isGivenUp]).toEqual([true, false])
    await held.giveUp('T')
    expect([two.isGivenUp, held.count]).toEqual([true, 0])
    await held.close()
    const late = new Waiter()
    held.hold(late, 1000)
    expect(late.isGivenUp).toBe(true)
  })
})

test('who waits for a group that is gone is told that there is nothing, and no other', async () => {
  const [one, other, two] = [hold(), hold({ group: 'h' }), hold({ queueId: 2 })]
  await held.giveUpGroup('g')
  expect([one.isGivenUp, two.isGivenUp, other.isGivenUp, held.count]).toEqual([true, true, false, 1])
})

test('the setting is told whose limit is reached', () => {
  hold()
  hold()
  expect(held.hold(new Waiter(), 1000)).toBe('popPollingSize')
  hold({ group: 'h' })
  hold({ group: 'i' })
  expect(held.hold(new Waiter({ group: 'j' }), 1000)).toBe('popPollingMapSize')
  hold({ group: 'h' })
  expect(held.hold(new Waiter({ group: 'i' }), 1000)).toBe('maxPopPollingSize')
  expect([held.count, held.countOf('T', 'g', -1), held.countOf('T', 'g', 0)]).toEqual([5, 2, 0])
  clock.advance(1000)
  expect(held.count).toBe(0)
  hold({ group: 'j' })
})

test('groups that nobody waits for any more are forgotten, and those that wait are woken all the same', () => {
  const one = hold()
  for (let index = 0; index < 1000; index++) {
    const other = hold({ group: `g${index}` })
    held.arrived('T', 0)
    expect(other.looks).toBe(1)
    one.answer = true
    held.hold(one, 1000)
  }
  expect(held.groupCount).toBeLessThan(150)
  expect([held.count, one.looks]).toEqual([1, 1000])
})

/** Each look at it takes as long as there is of a turn. */
class SlowClock extends SteppedClock {
  #looks = 0

  override monotonic(): number {
    return super.monotonic() + this.#looks++
  }
}

/** Turns of the loop until something is done. */
async function turnsUntil(done: Promise<void>): Promise<number> {
  let isDone = false
  void done.then(() => {
    isDone = true
  })
  for (let turns = 1; ; turns++) {
    for (let microtask = 0; microtask < 10; microtask++) await Promise.resolve()
    if (isDone) return turns
    clock.finishTurn()
  }
}

test.each([
  ['topic', () => held.giveUp('T'), 1],
  ['group', () => held.giveUpGroup('g'), 1],
  ['broker', () => held.close(), 0],
])(
  'very many who wait for what is gone, a %s, are answered in many turns, and who comes meanwhile waits',
  async (_, call, left) => {
    clock = new SlowClock()
    held = new HeldPops(clock, 3, () => ({ popPollingSize: 1000, maxPopPollingSize: 1000 }))
    const before = Array.from({ length: 200 }, () => hold())
    const done = call()
    const isSome = before.some(({ isGivenUp }) => isGivenUp)
    expect([isSome, before.every(({ isGivenUp }) => isGivenUp)]).toEqual([true, false])
    held.hold(new Waiter(), 1000)
    expect(await turnsUntil(done)).toBeGreaterThan(5)
    expect([before.every(({ isGivenUp }) => isGivenUp), held.count]).toEqual([true, left])
  },
)
