import { describe, expect, test } from 'vitest'
import { Lanes } from '../../src/consumer/lanes.ts'

/** Messages are texts such as `a1`: the letter is the lane, and `-` stands for none. */
const lanesOf = (...messages: string[]): Lanes<string> => {
  const lanes = new Lanes<string>(([lane]) => (lane === '-' ? undefined : lane))
  for (const message of messages) lanes.add(message)
  return lanes
}

describe('lanes', () => {
  test('count the messages that wait for others of their lane', () => {
    const lanes = lanesOf('a1', 'a2', 'a3', 'b1', '-1', '-2')
    expect(lanes.behind).toBe(2)
    expect(lanes.take(1)).toEqual({ lane: 'a', messages: ['a1'] })
    expect(lanes.behind).toBe(2)
    lanes.add('a4')
    expect(lanes.behind).toBe(3)
    lanes.putBack('a', ['a1'])
    expect(lanes.behind).toBe(4)
    lanes.release('a')
    expect(lanes.behind).toBe(3)
    expect(lanes.take(2)).toEqual({ lane: 'b', messages: ['b1'] })
    expect(lanes.take(9)).toEqual({ lane: 'a', messages: ['a1', 'a2', 'a3', 'a4'] })
    expect(lanes.behind).toBe(0)
    expect(lanes.clear()).toEqual(['-1', '-2'])
  })

  test('give what waits behind messages that are to be tried again, and keep those', () => {
    const lanes = lanesOf('a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'c2')
    lanes.take(2)
    lanes.take(1)
    lanes.putBack('a', ['a1', 'a2'])
    expect(lanes.takeUntried()).toEqual(['a3'])
    expect(lanes.takeUntried()).toEqual([])
    lanes.add('a4')
    expect(lanes.takeUntried()).toEqual(['a4'])
    lanes.release('a')
    expect(lanes.behind).toBe(1 + 1 + 1)
    expect(lanes.takeUntried()).toEqual([])
    expect(lanes.take(9)).toEqual({ lane: 'c', messages: ['c1', 'c2'] })
    expect(lanes.take(9)).toEqual({ lane: 'a', messages: ['a1', 'a2'] })
    lanes.putBack('a', [])
    lanes.release('a')
    expect(lanes.hasReady).toBe(false)
    expect(lanes.clear()).toEqual(['b2'])
    expect(lanes.behind).toBe(0)
  })

  test('give up what waits in one of them, which waits for its next try all the same', () => {
    const lanes = lanesOf('a1', 'a2', 'a3', 'b1', 'b2')
    lanes.take(2)
    lanes.putBack('a', ['a1', 'a2'])
    expect(lanes.empty('a')).toEqual(['a1', 'a2', 'a3'])
    lanes.add('a1 anew')
    lanes.add('a2 anew')
    expect(lanes.takeUntried()).toEqual(['a2 anew'])
    expect(lanes.empty('b')).toEqual(['b1', 'b2'])
    expect([lanes.empty('b'), lanes.empty('c')]).toEqual([[], []])
    expect(lanes.hasReady).toBe(false)
    expect(lanes.behind).toBe(1)
    lanes.add('b3')
    expect(lanes.take(9)).toEqual({ lane: 'b', messages: ['b3'] })
    lanes.add('b4')
    lanes.add('b5')
    expect(lanes.takeWhere('b', (message) => message === 'b4')).toEqual(['b4'])
    lanes.release('b')
    lanes.release('a')
    expect(lanes.behind).toBe(0)
    expect(lanes.take(9)).toEqual({ lane: 'b', messages: ['b5'] })
    expect(lanes.take(9)).toEqual({ lane: 'a', messages: ['a1 anew'] })
  })
})
