import { describe, expect, test } from 'vitest'
import { ColdReads } from '../../src/log/cold-reads.ts'
import { TurnClock } from './turn-clock.ts'

function setUp(): { clock: TurnClock; read(name: string, durationMs: number): unknown; done: string[] } {
  const clock = new TurnClock()
  const reads = new ColdReads(clock, 2)
  const done: string[] = []
  const read = (name: string, durationMs: number): unknown =>
    reads.inTurn(() => {
      clock.advance(durationMs)
      done.push(name)
      return name
    })
  return { clock, read, done }
}

describe('reads of files', () => {
  test('are done at once while the turn has time for them, and then turn by turn, in their order', async () => {
    const { clock, read, done } = setUp()
    expect(read('a', 0.5)).toBe('a')
    expect(read('b', 3)).toBe('b')
    const later = [read('c', 3), read('d', 0.5), read('e', 0.5), read('f', 0)]
    expect(done).toEqual(['a', 'b'])
    clock.turn()
    expect(done).toEqual(['a', 'b', 'c'])
    clock.turn()
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(read('g', 0)).toBeInstanceOf(Promise)
    clock.turn()
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    expect(await Promise.all(later)).toEqual(['c', 'd', 'e', 'f'])
    clock.turn()
    expect(read('h', 0)).toBe('h')
  })

  test('that fail fail for the one who asked, and for no other', async () => {
    const clock = new TurnClock()
    const reads = new ColdReads(clock, 1)
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
