import { setImmediate as loopTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LoopShare, StepwiseJobs, Walks } from '../src/loop-share.ts'

/** Three pieces of work of each name, which take so long; those done after each turn. */
async function doneAfterTurns(pieceMs: number, turnCount: number, ...names: string[]): Promise<string[]> {
  let nowMs = 0
  let turns: (() => void)[] = []
  const share = new LoopShare({ monotonic: () => nowMs, nextTurn: (callback) => void turns.push(callback) }, 2)
  let done = ''
  const work = async (name: string): Promise<void> => {
    for (let piece = 0; piece < 3; piece++) {
      await share.run(() => {
        nowMs += pieceMs
        done += name
      })
    }
  }
  for (const name of names) void work(name)
  const seen: string[] = []
  for (let turn = 0; turn < turnCount; turn++) {
    await loopTurn()
    seen.push(done)
    const callbacks = turns
    turns = []
    for (const callback of callbacks) callback()
  }
  return seen
}

test('pieces are done in a turn until its share is used up', async () => {
  expect(await doneAfterTurns(1, 3, 'a')).toEqual(['aa', 'aaa', 'aaa'])
})

test('a piece that takes long is alone in its turn, and those who wait take turns', async () => {
  expect(await doneAfterTurns(5, 6, 'a', 'b')).toEqual(['a', 'ab', 'aba', 'abab', 'ababa', 'ababab'])
})

test('what takes no time is done at once', async () => {
  expect((await doneAfterTurns(0, 1, 'a', 'b'))[0]).toHaveLength(6)
})

test('an error of a piece is its own', async () => {
  const share = new LoopShare({ monotonic: () => 0, nextTurn() {} }, 2)
  const failing = share.run(() => {
    throw new Error('of the piece')
  })
  await expect(failing).rejects.toThrow('of the piece')
  expect(await share.run(() => 1)).toBe(1)
})

/** Jobs of three steps, each of a millisecond, of which a turn has two: what is done after each turn. */
async function jobsAfterTurns(turnCount: number, ...jobsAndKeys: [name: string, keys: string][]): Promise<string[]> {
  let nowMs = 0
  const turns: (() => void)[] = []
  const clock = { monotonic: () => nowMs, nextTurn: (callback: () => void) => void turns.push(callback) }
  const jobs = new StepwiseJobs(new LoopShare(clock, 2))
  let done = ''
  const job = function* (name: string): Generator<void> {
    for (let step = 0; step < 3; step++) {
      nowMs++
      done += name
      yield
    }
  }
  const finished = Promise.all(jobsAndKeys.map(([name, keys]) => jobs.run(keys, () => job(name))))
  const seen: string[] = []
  for (let turn = 0; turn < turnCount; turn++) {
    await loopTurn()
    seen.push(done)
    for (const callback of turns.splice(0)) callback()
  }
  await finished
  expect(jobs.keyCount).toBe(0)
  return seen
}

test('a job is done step by step in a part of each turn, and the next one with its key begins behind it', async () => {
  expect(await jobsAfterTurns(3, ['a', 'x'], ['b', 'x'])).toEqual(['aa', 'aaab', 'aaabbb'])
})

test('jobs that have no key in common take turns', async () => {
  expect(await jobsAfterTurns(3, ['a', 'x'], ['b', 'y'])).toEqual(['ab', 'abab', 'ababab'])
})

test('a job with several keys waits for all before it, and those behind it for all of it', async () => {
  const seen = await jobsAfterTurns(8, ['a', 'x'], ['b', 'xy'], ['c', 'y'], ['d', 'z'])
  const order = seen.at(-1)!
  expect(order.replaceAll('d', '')).toBe('aaabbbccc')
  expect(order.lastIndexOf('d')).toBeLessThan(order.indexOf('b'))
})

test('very many items are looked at in a part of each turn', async () => {
  let nowMs = 0
  const turns: (() => void)[] = []
  const share = new LoopShare({ monotonic: () => nowMs, nextTurn: (callback) => void turns.push(callback) }, 20)
  const walks = new Walks(share)
  const items = Array.from({ length: 1000 }, (_, index) => index)
  const looked: number[] = []
  const over = walks.forEach(items, (item) => {
    nowMs++
    looked.push(item)
  })
  let most = 0
  for (let before = 0; looked.length < items.length; before = looked.length) {
    await loopTurn()
    most = Math.max(most, looked.length - before)
    for (const callback of turns.splice(0)) callback()
  }
  await over
  expect(looked).toEqual(items)
  expect(most).toBeLessThan(30)
})

test('four long walks are under way at a time, short ones do not wait for them, and one that fails gives its place up', async () => {
  const turns: (() => void)[] = []
  let nowMs = 0
  const clock = { monotonic: () => nowMs++, nextTurn: (callback: () => void) => void turns.push(callback) }
  const walks = new Walks(new LoopShare(clock, 20))
  const looks = new Map<string, number>()
  const over: string[] = []
  const walk = async (name: string, count: number, failsAt = Number.POSITIVE_INFINITY): Promise<void> => {
    const look = (item: number): void => {
      if (item === failsAt) throw new Error('of the look')
      looks.set(name, item)
    }
    await walks.forEach(Array(count).keys(), look).catch(() => {})
    over.push(name)
  }
  const long = 3000
  const all = [walk('a', long, 700), walk('b', long), walk('c', long), walk('d', long), walk('e', long), walk('f', 50)]
  let mostUnderWay = 0
  let isOver = false
  void Promise.all(all).then(() => {
    isOver = true
  })
  while (!isOver) {
    await loopTurn()
    const underWay = [...looks].filter(([name, item]) => item >= 250 && !over.includes(name))
    mostUnderWay = Math.max(mostUnderWay, underWay.length)
    for (const callback of turns.splice(0)) callback()
  }
  expect(mostUnderWay).toBe(4)
  expect(over.slice(0, 2)).toEqual(['f', 'a'])
  expect([...looks].toSorted()).toEqual([
    ['a', 699],
    ...['b', 'c', 'd', 'e'].map((name) => [name, long - 1]),
    ['f', 49],
  ])
})

test('a job that fails tells its caller alone, and does no more', async () => {
  const jobs = new StepwiseJobs(new LoopShare({ monotonic: () => 0, nextTurn() {} }, 2))
  let done = ''
  const failing = jobs.run('x', function* () {
    done += 'a'
    yield
    throw new Error('of the step')
  })
  const next = jobs.run('x', function* () {
    done += 'b'
    yield
  })
  await expect(failing).rejects.toThrow('of the step')
  await next
  expect(done).toBe('ab')
})
