import { describe, expect, test } from 'vitest'
import { ColdReads } from '../../src/log/cold-reads.ts'
import { TurnClock } from './turn-clock.ts'

interface SetUp {
  clock: TurnClock
  read(name: string, durationMs: number): unknown
  /** Time passes with other work, then the turn is over. */
  turnOf(otherWorkMs: number): void
  done: string[]
}

function setUp(): SetUp {
  const clock = new TurnClock()
  const reads = new ColdReads(clock, { quietTurnMs: 5, quietShareMs: 2 })
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
  return { clock, read, turnOf, done }
}

describe('reads of files', () => {
  test('are done one in each turn when turns are long, in their order', async () => {
    const { read, turnOf, done } = setUp()
    expect(read('a', 1)).toBe('a')
    const later = [read('b', 0.5), read('c', 3), read('d', 0)]
    expect(done).toEqual(['a'])
    for (const expected of ['b', 'c', 'd']) {
      turnOf(6)
      expect(done.at(-1)).toBe(expected)
    }
    expect(read('e', 0)).toBeInstanceOf(Promise)
    expect(await Promise.all(later)).toEqual(['b', 'c', 'd'])
    turnOf(6)
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e'])
    turnOf(6)
    expect(read('f', 0)).toBe('f')
  })

  test('have a share of the time after a turn that was short or had none', () => {
    const { read, turnOf, done } = setUp()
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) read(name, 0.5)
    expect(done).toEqual(['a', 'b'])
    turnOf(3)
    expect(done).toEqual(['a', 'b', 'c', 'd'])
    turnOf(4.5)
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e'])
    turnOf(0)
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    expect(read('h', 0.5)).toBeInstanceOf(Promise)
  })

  test('that fail fail for the one who asked, and for no other', async () => {
    const clock = new TurnClock()
    const reads = new ColdReads(clock, { quietTurnMs: 5, quietShareMs: 2 })
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
})
