import { describe, expect, test } from 'vitest'
import { ColdReads, ColdReadsByDistance } from '../../src/log/cold-reads.ts'
import { TurnClock } from './turn-clock.ts'

const limits = { quietTurnMs: 5, quietShareMs: 2, busyShare: 0.1 }

interface SetUp {
  read(name: string, durationMs: number): unknown
  /** Time passes with other work, then the turn is over. */
  turnOf(otherWorkMs: number): void
  done: string[]
}

function setUp(): SetUp {
  const clock = new TurnClock()
  const reads = new ColdReads(clock, limits)
  const done: string[] = []
  const read = (name: string, durationMs: number): unknown =>
    reads.inTurn(() => {
      clock.advance(durationMs)
      done.push(name)
      return name
    })
  const turnOf = (otherWorkMs: number): void => {
    clock.advance(otherWorkMs)
    clock.turn()
  }
  return { read, turnOf, done }
}

describe('reads of files', () => {
  test('have a share of the time, after a turn that was short or had none', async () => {
    const { read, turnOf, done } = setUp()
    const answers = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => read(name, 0.5))
    expect(done).toEqual(['a', 'b'])
    expect(answers.slice(0, 2)).toEqual(['a', 'b'])
    turnOf(5)
    expect(done).toEqual(['a', 'b', 'c', 'd'])
    turnOf(5)
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    expect(read('h', 0.5)).toBeInstanceOf(Promise)
    turnOf(5)
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    turnOf(5)
    turnOf(5)
    expect(read('i', 0)).toBe('i')
  })

  test('have a part of the time of long turns, whose length is not that of the reads themselves', () => {
    const { read, turnOf, done } = setUp()
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) read(name, 1)
    expect(done).toEqual(['a'])
    // Each costs 2 with its answer. The share of the first turn is used up; a tenth of 10, 10 and 9 comes.
    turnOf(9)
    expect(done).toEqual(['a', 'b'])
    turnOf(9)
    expect(done).toEqual(['a', 'b'])
    turnOf(9)
    expect(done).toEqual(['a', 'b', 'c'])
    // A turn without other work is none of a loop with time to spare, when there was much before it.
    turnOf(1)
    expect(done).toEqual(['a', 'b', 'c'])
    turnOf(5)
    expect(done).toEqual(['a', 'b', 'c'])
    // With more of them it is one, and the debt is forgotten.
    turnOf(5)
    expect(done).toEqual(['a', 'b', 'c', 'd'])
    turnOf(5)
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e'])
    turnOf(100)
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
  })

  test('that come one after the other have no more of a busy loop than those that wait', () => {
    const { read, turnOf, done } = setUp()
    for (let turn = 0; turn < 20; turn++) {
      read(String(turn), 1)
      turnOf(9)
    }
    // Each costs 2, and a tenth of about 190 is for them.
    expect(done.length).toBeLessThan(12)
    turnOf(1000)
    turnOf(0)
    expect(read('at once', 0)).toBe('at once')
  })

  test('that fail fail for the one who asked, and for no other', async () => {
    const clock = new TurnClock()
    const reads = new ColdReads(clock, limits)
    const fail = (): never => {
      throw new Error('EIO')
    }
    expect(() => reads.inTurn(fail)).toThrow('EIO')
    reads.inTurn(() => clock.advance(5))
    const failing = reads.inTurn(fail)
    const good = reads.inTurn(() => 'good')
    clock.turn()
    await expect(failing).rejects.toThrow('EIO')
    expect(await good).toBe('good')
  })

  test('that need loads are under way by eight, and the others come in their order, however one ends', async () => {
    const reads = new ColdReads(new TurnClock(), limits)
    const begun: number[] = []
    const loads = Array.from({ length: 10 }, () => Promise.withResolvers<string>())
    const answers = loads.map(({ promise }, index) =>
      reads.underWay(() => {
        begun.push(index)
        return promise
      }),
    )
    await Promise.resolve()
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    loads[5]!.reject(new Error('EIO'))
    await expect(answers[5]).rejects.toThrow('EIO')
    loads[0]!.resolve('first')
    expect(await answers[0]).toBe('first')
    await Promise.resolve()
    expect(begun.slice(8)).toEqual([8, 9])
  })

  test('near the end of the log have limits of their own, and do not wait behind those far from it', () => {
    const clock = new TurnClock()
    const near = { behindBytesMax: 100, ...limits, busyShare: 0.5 }
    const reads = new ColdReadsByDistance(clock, [near, { behindBytesMax: 1000, ...limits }])
    const done: string[] = []
    const read = (name: string, behindBytes: number): unknown =>
      reads.at(behindBytes).inTurn(() => {
        clock.advance(1)
        done.push(name)
      })
    for (const name of ['far 1', 'far 2', 'far 3']) read(name, 1000)
    for (const name of ['near 1', 'near 2', 'near 3', 'near 4']) read(name, 99)
    expect(done).toEqual(['far 1', 'near 1'])
    clock.advance(8)
    clock.turn()
    expect(done.slice(2).toSorted()).toEqual(['far 2', 'near 2', 'near 3', 'near 4'])
  })
})
